import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { ConnectError } from "@connectrpc/connect";
import type { CallContext } from "./call-context.ts";
import { ACCEPTED_ENCODINGS, deflate } from "./compression.ts";
import { frameOf } from "./frames.ts";
import { errorTrailers, OK_TRAILERS, withGiven } from "./metadata.ts";

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

/** Our half of a call: headers once, messages, trailers once. Says nothing to a peer that left. */
export class Reply {
  readonly #stream: ServerHttp2Stream;
  readonly #context: CallContext;
  /** Messages of at least this size are compressed; undefined: none is. */
  readonly #gzipFromBytes: number | undefined;
  #trailers: OutgoingHttpHeaders = OK_TRAILERS;
  /** A message that the connection has not taken yet. */
  #writing = false;

  constructor(stream: ServerHttp2Stream, context: CallContext, gzipFromBytes: number | undefined) {
    this.#stream = stream;
    this.#context = context;
    this.#gzipFromBytes = gzipFromBytes;
  }

  /** The only message of a unary call, and the end. At once where nothing is compressed. */
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

  /** Resolves when the connection has taken it: a peer that does not read holds it back. */
  async write(message: Uint8Array): Promise<void> {
    const frame = await this.#frame(message);
    // While it was compressed its call may have come to its end.
    if (this.#isGone || this.#context.isAborted) return;
    this.#begin();
    this.#writing = true;
    await new Promise<void>((resolve) => {
      // An error means that the peer is gone, which the call hears by its signal.
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
      // Behind a message that its peer does not read, trailers would never arrive.
      if (this.#writing) this.#stream.close(constants.NGHTTP2_CANCEL);
      else this.#stream.end();
      return;
    }
    const headers = withGiven(PLAIN_HEADERS, this.#context.givenHeader);
    endAtOnce(this.#stream, { ...headers, ...trailers });
  }

  /** For an end that must not wait until its peer reads. */
  failIfStuck(error: ConnectError): void {
    if (this.#writing) this.fail(error);
  }

  get #isGone(): boolean {
    return this.#stream.closed || this.#stream.destroyed || this.#stream.writableEnded;
  }

  #frame(message: Uint8Array): Promise<Buffer> | Buffer {
    return this.#gzipFromBytes === undefined
      ? frameOf(message)
      : deflate(message, this.#gzipFromBytes);
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

/** Headers that are also the trailers, for an answer without a message. */
export function endAtOnce(stream: ServerHttp2Stream, headers: OutgoingHttpHeaders): void {
  stream.respond(headers, { endStream: true });
  closeUnread(stream);
}

/**
 * A request that was refused halfway leaves its stream open for a rest that nobody reads: its
 * client would wait for our window to open, and the connection could not end.
 */
export function closeUnread(stream: ServerHttp2Stream): void {
  if (stream.readableEnded) return;
  // The trailers are the last of the answer; the reset must not overtake them.
  setImmediate(() => {
    if (stream.readableEnded || stream.destroyed) return;
    stream.close(constants.NGHTTP2_NO_ERROR);
    // What is buffered and unread would keep even a closed one.
    stream.destroy();
  });
}
