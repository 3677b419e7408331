import type { ServerHttp2Stream } from "node:http2";
import { type DescMessage, fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { malformedRequest, tooCrowded, tooLarge, UNREADABLE } from "../error-map.ts";
import type { Caller } from "../gunzip.ts";
import { crowdedBinary } from "../request-fields.ts";
import type { CallHead } from "./call-head.ts";
import { inflate } from "./compression.ts";
import { type Frame, FrameReader, FrameTooLarge, ownCopy } from "./frames.ts";

/**
 * The only message of a call. Fails as soon as it can't be one: nothing beyond the limit is ever
 * kept.
 */
export class OnlyMessage {
  readonly #reader: FrameReader;
  #frame: Frame | undefined;
  #isCompact = false;
  #pieces = 0;

  constructor(limitBytes: number) {
    this.#reader = new FrameReader(limitBytes);
  }

  /** Nearly all are, and come whole. */
  get isOfOnePiece(): boolean {
    return this.#pieces < 2;
  }

  get keptBytes(): number {
    return Math.max(this.#reader.keptBytes, this.#frame?.bytes.length ?? 0);
  }

  /** For one that stays: see `FrameReader.compact`. */
  compact(): void {
    this.#reader.compact();
    const frame = this.#frame;
    if (frame === undefined || this.#isCompact) return;
    this.#isCompact = true;
    frame.bytes = ownCopy(frame.bytes);
  }

  push(chunk: Buffer): void {
    this.#pieces++;
    try {
      this.#reader.push(chunk);
      for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) {
        if (this.#frame !== undefined) throw wrongCount("more than one message");
        this.#frame = frame;
      }
    } catch (error) {
      throw explain(error);
    }
  }

  /** When the client has said that there is no other. */
  end(): Frame {
    if (!this.#reader.atBoundary) throw malformedRequest("the body ends within a message");
    if (this.#frame === undefined) throw wrongCount("no message");
    return this.#frame;
  }
}

/** At once where there is nothing to inflate. */
export function decodeFrame(
  frame: Frame,
  head: CallHead,
  caller: Caller,
): unknown | Promise<unknown> {
  if (frame.compressed) return decodeCompressed(frame, head, caller);
  return decode(head.method.input, frame.bytes);
}

/** The messages of a call one after the other, as they come and are asked for. */
export async function* readMany(
  stream: ServerHttp2Stream,
  head: CallHead,
  caller: Caller,
): AsyncGenerator<unknown> {
  const reader = new FrameReader(head.method.readMaxBytes);
  try {
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      reader.push(chunk);
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
        yield await decodeFrame(frame, head, caller);
      }
    }
  } catch (error) {
    throw explain(error);
  }
  if (!reader.atBoundary) throw malformedRequest("the body ends within a message");
}

async function decodeCompressed(frame: Frame, head: CallHead, caller: Caller): Promise<unknown> {
  const bytes = await inflate(frame, head.requestEncoding, head.method.readMaxBytes, caller);
  return decode(head.method.input, bytes);
}

function decode(input: DescMessage, bytes: Uint8Array): unknown {
  const crowded = crowdedBinary(input, bytes);
  if (crowded !== undefined) throw tooCrowded(crowded);
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
