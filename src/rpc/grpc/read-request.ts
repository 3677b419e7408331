import type { ServerHttp2Stream } from "node:http2";
import { type DescMessage, fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  canceled,
  malformedRequest,
  NOT_A_MESSAGE,
  tooFarAhead,
  tooLarge,
  tooManyFields,
} from "../error-map.ts";
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

/** Requests that a peer may send before it reads the responses. Clients send one at a time. */
const AHEAD_BYTES = 64 * 1024;

/**
 * Reads the messages of a call as they arrive. What the implementation has not asked for is kept in
 * one buffer; Node would keep each DATA frame as an object, also those of one byte.
 */
export class ManyMessages implements AsyncIterable<unknown> {
  readonly #stream: ServerHttp2Stream;
  readonly #head: CallHead;
  readonly #caller: Caller;
  readonly #reader: FrameReader;
  readonly #refuse: (error: ConnectError) => void;
  #wake = () => {};

  /** Calls `refuse` if the peer sends too much and the implementation does not ask for it. */
  constructor(
    stream: ServerHttp2Stream,
    head: CallHead,
    caller: Caller,
    refuse: (error: ConnectError) => void,
  ) {
    this.#stream = stream;
    this.#head = head;
    this.#caller = caller;
    this.#refuse = refuse;
    this.#reader = new FrameReader(head.method.readMaxBytes);
    stream.on("data", this.#onData);
    stream.once("end", () => this.#wake());
    stream.once("close", () => this.#wake());
  }

  get keptBytes(): number {
    return this.#reader.keptBytes;
  }

  /** See `FrameReader.compact`. */
  compact(): void {
    this.#reader.compact();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    try {
      for (;;) {
        const frame = this.#reader.next();
        if (frame !== undefined) yield await decodeFrame(frame, this.#head, this.#caller);
        else if (this.#stream.readableEnded) break;
        else if (this.#stream.closed) throw canceled();
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } catch (error) {
      throw explain(error);
    } finally {
      this.#stop();
    }
    if (!this.#reader.atBoundary) throw malformedRequest("the request ends within a message");
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#reader.push(chunk);
    this.#wake();
    if (this.#reader.unreadBytes <= AHEAD_BYTES) return;
    this.#stop();
    this.#refuse(tooFarAhead(AHEAD_BYTES));
  };

  #stop(): void {
    this.#stream.off("data", this.#onData);
    this.#stream.pause();
  }
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
    throw malformedRequest(`${NOT_A_MESSAGE}: ${error instanceof Error ? error.message : "?"}`);
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
