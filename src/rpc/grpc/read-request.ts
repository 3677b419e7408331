import type { ServerHttp2Stream } from "node:http2";
import { type DescMessage, fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { malformedRequest, tooLarge, UNREADABLE } from "../error-map.ts";
import type { CallHead } from "./call-head.ts";
import { inflate } from "./compression.ts";
import { type Frame, FrameReader, FrameTooLarge } from "./frames.ts";

/** A request on its way. `stop` makes its reading fail. */
export interface Reading {
  readonly untilMs: number;
  stop: (error: ConnectError) => void;
}

/**
 * The only message of a call, when its client has said that there is no other. Rejects as soon as
 * it can't be one: nothing beyond the limit is ever kept.
 */
export function readOnly(
  stream: ServerHttp2Stream,
  head: CallHead,
  reading: Reading,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const reader = new FrameReader(head.method.readMaxBytes);
    let only: Frame | undefined;
    const stop = (error: unknown) => {
      stream.off("data", onData);
      stream.pause();
      reject(explain(error));
    };
    reading.stop = stop;
    const onData = (chunk: Buffer) => {
      try {
        reader.push(chunk);
        for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
          if (only !== undefined) throw wrongCount("more than one message");
          only = frame;
        }
      } catch (error) {
        stop(error);
      }
    };
    stream.on("data", onData);
    stream.once("end", () => {
      if (!reader.atBoundary) return stop(malformedRequest("the body ends within a message"));
      if (only === undefined) return stop(wrongCount("no message"));
      // Without a detour where there is nothing to inflate.
      if (only.compressed) resolve(decodeCompressed(only, head));
      else decodeInto(head.method.input, only.bytes, resolve, reject);
    });
    // Otherwise nobody would be left to settle it: the peer is gone, or reset the stream.
    stream.once("close", () => {
      if (!stream.readableEnded) reject(new ConnectError("the request broke off", Code.Canceled));
    });
  });
}

/** The messages of a call one after the other, as they come and are asked for. */
export async function* readMany(
  stream: ServerHttp2Stream,
  head: CallHead,
): AsyncGenerator<unknown> {
  const reader = new FrameReader(head.method.readMaxBytes);
  try {
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      reader.push(chunk);
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
        yield await decodeCompressed(frame, head);
      }
    }
  } catch (error) {
    throw explain(error);
  }
  if (!reader.atBoundary) throw malformedRequest("the body ends within a message");
}

async function decodeCompressed(frame: Frame, head: CallHead): Promise<unknown> {
  const bytes = await inflate(frame, head.requestEncoding, head.method.readMaxBytes);
  return decode(head.method.input, bytes);
}

function decodeInto(
  input: DescMessage,
  bytes: Uint8Array,
  resolve: (message: unknown) => void,
  reject: (error: unknown) => void,
): void {
  try {
    resolve(decode(input, bytes));
  } catch (error) {
    reject(error);
  }
}

function decode(input: DescMessage, bytes: Uint8Array): unknown {
  try {
    return fromBinary(input, bytes);
  } catch (error) {
    throw malformedRequest(`${UNREADABLE}: ${error instanceof Error ? error.message : "?"}`);
  }
}

/** The protocol's own code for it. */
function wrongCount(words: string): ConnectError {
  return malformedRequest(`${words}; this method takes exactly one`, Code.Unimplemented);
}

function explain(error: unknown): unknown {
  if (error instanceof FrameTooLarge) return tooLarge(error.limitBytes);
  if (error instanceof ConnectError) return error;
  return malformedRequest(error instanceof Error ? error.message : "unreadable", Code.Internal);
}
