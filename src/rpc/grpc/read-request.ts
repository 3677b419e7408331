import type { ServerHttp2Stream } from "node:http2";
import { type DescMessage, fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { malformedRequest, tooLarge, tooManyFields, UNREADABLE } from "../error-map.ts";
import { fieldExcess } from "../request-fields.ts";
import type { CallHead } from "./call-head.ts";
import { type Caller, inflate } from "./compression.ts";
import { type Frame, FrameReader, FrameTooLarge, ownCopy } from "./frames.ts";

/**
 * Reads the only message of a call. Fails as soon as it is invalid and keeps nothing beyond the
 * limit.
 */
export class OnlyMessage {
  readonly #reader: FrameReader;
  #frame: Frame | undefined;
  #isCompact = false;
  #chunks = 0;

  constructor(limitBytes: number) {
    this.#reader = new FrameReader(limitBytes);
  }

  /** The common case. */
  get isOneChunk(): boolean {
    return this.#chunks < 2;
  }

  get keptBytes(): number {
    return Math.max(this.#reader.keptBytes, this.#frame?.bytes.length ?? 0);
  }

  /** See `FrameReader.compact`. */
  compact(): void {
    this.#reader.compact();
    const frame = this.#frame;
    if (frame === undefined || this.#isCompact) return;
    this.#isCompact = true;
    frame.bytes = ownCopy(frame.bytes);
  }

  push(chunk: Buffer): void {
    this.#chunks++;
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

  /** Returns the message at the end of the request. */
  end(): Frame {
    if (!this.#reader.atBoundary) throw malformedRequest("the request ends within a message");
    if (this.#frame === undefined) throw wrongCount("no message");
    return this.#frame;
  }
}

/** Synchronous unless the message is compressed. */
export function decodeFrame(
  frame: Frame,
  head: CallHead,
  caller: Caller,
): unknown | Promise<unknown> {
  if (frame.compressed) return decodeCompressed(frame, head, caller);
  return decode(head.method.input, frame.bytes);
}

/** Yields the messages of a call as they arrive. */
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
  if (!reader.atBoundary) throw malformedRequest("the request ends within a message");
}

async function decodeCompressed(frame: Frame, head: CallHead, caller: Caller): Promise<unknown> {
  const bytes = await inflate(frame, head.requestEncoding, head.method.readMaxBytes, caller);
  return decode(head.method.input, bytes);
}

function decode(input: DescMessage, bytes: Uint8Array): unknown {
  const excess = fieldExcess(input, bytes);
  if (excess !== undefined) throw tooManyFields(excess);
  try {
    return fromBinary(input, bytes);
  } catch (error) {
    throw malformedRequest(`${UNREADABLE}: ${error instanceof Error ? error.message : "?"}`);
  }
}

/** UNIMPLEMENTED is gRPC's code for it. */
function wrongCount(found: string): ConnectError {
  return malformedRequest(
    `the request has ${found}; this method takes exactly one`,
    Code.Unimplemented,
  );
}

function explain(error: unknown): unknown {
  if (error instanceof FrameTooLarge) return tooLarge(error.limitBytes);
  if (error instanceof ConnectError) return error;
  return malformedRequest(error instanceof Error ? error.message : "unreadable", Code.Internal);
}
