import {
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { abortError } from "../call-policy.ts";
import { safeText } from "../error-details.ts";
import { deadlineExceeded } from "../error-map.ts";
import type { BidiMethod, StreamMethod } from "../methods.ts";
import type { CallContext } from "./call-context.ts";
import { ACCEPTED_ENCODINGS, deflate } from "./compression.ts";
import { EncodedMessage, frameOf } from "./frames.ts";

const PLAIN_HEADERS: OutgoingHttpHeaders = Object.freeze({
  ":status": 200,
  "content-type": "application/grpc",
  "grpc-accept-encoding": ACCEPTED_ENCODINGS,
});
const GZIP_HEADERS: OutgoingHttpHeaders = Object.freeze({
  ...PLAIN_HEADERS,
  "grpc-encoding": "gzip",
});
const WITH_TRAILERS = Object.freeze({ waitForTrailers: true, sendDate: false });

/**
 * The response of a call: headers, messages, trailers. Writes nothing after the peer disconnected.
 */
export class Reply {
  readonly #stream: ServerHttp2Stream;
  readonly #context: CallContext;
  /** Messages of at least this size are compressed. Undefined: none. */
  readonly #gzipFromBytes: number | undefined;
  #trailers: OutgoingHttpHeaders = OK_TRAILERS;
  /** Whether the connection has not accepted the last message yet. */
  #writing = false;

  constructor(stream: ServerHttp2Stream, context: CallContext, gzipFromBytes: number | undefined) {
    this.#stream = stream;
    this.#context = context;
    this.#gzipFromBytes = gzipFromBytes;
  }

  /** Writes the only message of a unary call. Synchronous unless it is compressed. */
  answer(message: Uint8Array): Promise<void> | undefined {
    if (this.#gzipFromBytes !== undefined) {
      return deflate(message, this.#gzipFromBytes).then((frame) => this.#endWith(frame));
    }
    this.#endWith(frameOf(message));
    return undefined;
  }

  #endWith(frame: Buffer): void {
    if (this.#isGone) return;
    this.#begin();
    this.#trailers = withGiven(OK_TRAILERS, this.#context.givenTrailer);
    this.#stream.end(frame);
  }

  /**
   * Resolves when the connection has accepted the message; a peer that does not read delays it.
   */
  async write(message: Uint8Array | EncodedMessage): Promise<void> {
    const frame = await this.#frame(message);
    // The call may have ended during compression.
    if (this.#isGone || this.#context.isAborted) return;
    this.#begin();
    this.#writing = true;
    await new Promise<void>((resolve) => {
      // On an error the peer is gone; the call then ends by its signal.
      this.#stream.write(frame, () => resolve());
    });
    this.#writing = false;
  }

  end(): void {
    if (this.#isGone) return;
    this.#begin();
    this.#trailers = withGiven(OK_TRAILERS, this.#context.givenTrailer);
    this.#stream.end();
  }

  fail(error: ConnectError): void {
    if (this.#isGone) return;
    const trailers = withGiven(errorTrailers(error), this.#context.givenTrailer);
    if (this.#stream.headersSent) {
      this.#trailers = trailers;
      // The peer does not read, so trailers would never arrive.
      if (this.#writing) this.#stream.close(constants.NGHTTP2_CANCEL);
      else this.#stream.end();
      return;
    }
    const headers = withGiven(PLAIN_HEADERS, this.#context.givenHeader);
    endAtOnce(this.#stream, { ...headers, ...trailers });
  }

  /** Ends the call even if the peer does not read. */
  failIfStuck(error: ConnectError): void {
    if (this.#writing) this.fail(error);
  }

  get #isGone(): boolean {
    return this.#stream.closed || this.#stream.destroyed || this.#stream.writableEnded;
  }

  #frame(message: Uint8Array | EncodedMessage): Promise<Buffer> | Buffer {
    const isEncoded = message instanceof EncodedMessage;
    if (this.#gzipFromBytes === undefined) return isEncoded ? message.frame : frameOf(message);
    return deflate(isEncoded ? message.bytes : message, this.#gzipFromBytes);
  }

  #begin(): void {
    const stream = this.#stream;
    if (stream.headersSent) return;
    stream.on("wantTrailers", () => {
      stream.sendTrailers(this.#trailers);
      closeUnread(stream);
    });
    const own = this.#gzipFromBytes === undefined ? PLAIN_HEADERS : GZIP_HEADERS;
    stream.respond(withGiven(own, this.#context.givenHeader), WITH_TRAILERS);
  }
}

/** Sends headers that are also the trailers: a response without a message. */
export function endAtOnce(stream: ServerHttp2Stream, headers: OutgoingHttpHeaders): void {
  stream.respond(headers, { endStream: true });
  closeUnread(stream);
}

/**
 * Closes a stream whose request was not read to its end. Otherwise the client would wait for our
 * window, and the connection could not end.
 */
export function closeUnread(stream: ServerHttp2Stream): void {
  if (stream.readableEnded) return;
  // The reset must not overtake the trailers.
  setImmediate(() => {
    if (stream.readableEnded || stream.destroyed) return;
    stream.close(constants.NGHTTP2_NO_ERROR);
    // Unread buffered data would keep the closed stream.
    stream.destroy();
  });
}

/** 23 days. A timer of more than 2^31 ms fires at once. */
const LONGEST_TIMER_MS = 2_000_000_000;

/**
 * Writes all messages of a stream. Requests the next one when the connection has accepted the last
 * one, so that a peer that does not read stops the implementation too.
 */
export async function writeAll<Request>(
  method: Pick<StreamMethod | BidiMethod, "output"> & {
    call(request: Request, context: CallContext): AsyncIterable<unknown>;
  },
  request: Request,
  context: CallContext,
  reply: Reply,
): Promise<void> {
  const timer = deadlineTimer(context);
  // The implementation could not end while a message is unread.
  const cut = () => reply.failIfStuck(abortError(context));
  context.signal.addEventListener("abort", cut, { once: true });
  try {
    for await (const message of method.call(request, context)) {
      const isEncoded = message instanceof EncodedMessage;
      await reply.write(isEncoded ? message : encode(method.output, message));
    }
    reply.end();
  } finally {
    clearTimeout(timer);
    context.signal.removeEventListener("abort", cut);
  }
}

function deadlineTimer(context: CallContext): NodeJS.Timeout | undefined {
  const timeoutMs = context.timeoutMs();
  if (timeoutMs === undefined) return undefined;
  return setTimeout(
    () => context.abort(deadlineExceeded(undefined)),
    Math.min(Math.max(timeoutMs, 0), LONGEST_TIMER_MS),
  );
}

/** Implementations may return plain fields; their service type checks them. */
export function encode(output: DescMessage, message: unknown): Uint8Array {
  return toBinary(output, create(output, message as MessageInitShape<DescMessage>));
}

export type HeadersIn = IncomingHttpHeaders;

/** Converts HTTP/2 headers to web headers, without pseudo-headers. */
export function toHeaders(headers: HeadersIn): Headers {
  const out = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(":")) continue;
    for (const one of Array.isArray(value) ? value : [value]) out.append(name, one);
  }
  return out;
}

/** Adds headers of the implementation; the protocol's own ones win. */
export function withGiven(
  own: OutgoingHttpHeaders,
  given: Headers | undefined,
): OutgoingHttpHeaders {
  if (given === undefined) return own;
  return { ...Object.fromEntries(given), ...own };
}

/** For messages of other errors; peers refuse trailers of several kilobytes. */
const MESSAGE_BYTES = 1_024;

export const OK_TRAILERS: OutgoingHttpHeaders = Object.freeze({ "grpc-status": "0" });

export function errorTrailers(error: ConnectError): OutgoingHttpHeaders {
  const trailers = Object.fromEntries(setTrailerStatus(new Headers(), error));
  const message = safeText(error.rawMessage, MESSAGE_BYTES);
  return { ...trailers, "grpc-message": percentEncode(message) };
}

/**
 * gRPC's encoding: printable ASCII is kept, except the percent sign. Connect encodes more, which
 * some clients do not decode.
 */
function percentEncode(message: string): string {
  return message.replace(/[^ -$&-~]+/g, encodeURIComponent);
}
