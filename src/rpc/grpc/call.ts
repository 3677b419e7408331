import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import { internal } from "../../core/errors.ts";
import type { MemoryHolder } from "../call-memory.ts";
import { canceled, codeName, toConnectError, tooManyIncomplete } from "../error-map.ts";
import { BodyPieces } from "../pieces.ts";
import { CallContext } from "./call-context.ts";
import type { CallHead } from "./call-head.ts";
import type { GrpcCallsOptions } from "./calls.ts";
import type { Caller } from "./compression.ts";
import { decodeFrame, ManyMessages, OnlyMessage } from "./read-request.ts";
import { encode, Reply, writeAll } from "./reply.ts";

/** A request must be complete within this time, whatever its deadline. */
const READ_TIMEOUT_MS = 60_000;

/** The approximate memory of a call besides its bytes. */
const CALL_BYTES = 8 * 1024;

/**
 * One call, from its headers to the end of its stream. Small unary calls use callbacks: a dozen
 * promises would cost as much as the rest.
 */
export class Call implements MemoryHolder, Caller {
  readonly context: CallContext;
  /** When an incomplete request is refused, by `performance.now()`. */
  readonly requestUntilMs: number;
  readonly #stream: ServerHttp2Stream;
  readonly #head: CallHead;
  readonly #options: GrpcCallsOptions;
  readonly #reply: Reply;
  readonly #onClosed: (call: Call) => void;
  readonly #pieces = new BodyPieces();
  #answeredAtMs: number | undefined;
  /** Set while the request is being read. */
  #request: OnlyMessage | undefined;
  /** Set if the method takes many. */
  #requests: ManyMessages | undefined;

  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    head: CallHead,
    options: GrpcCallsOptions,
    onClosed: (call: Call) => void,
  ) {
    this.#stream = stream;
    this.#head = head;
    this.#options = options;
    this.#onClosed = onClosed;
    this.context = new CallContext(head, {
      stream,
      headers,
      values: (values) => options.values(values, stream),
    });
    const gzip = head.acceptsGzip && options.compressMinBytes > 0;
    this.#reply = new Reply(stream, this.context, gzip ? options.compressMinBytes : undefined);
    const timeoutMs = Math.min(head.timeoutMs ?? READ_TIMEOUT_MS, READ_TIMEOUT_MS);
    this.requestUntilMs = performance.now() + timeoutMs;
  }

  /** Whether nothing waits for the request any more. */
  get isGone(): boolean {
    return this.#stream.closed || (this.#request ?? this.#requests) === undefined;
  }

  get peer(): object {
    return this.#stream.session ?? this.#stream;
  }

  get isReading(): boolean {
    return this.#request !== undefined;
  }

  get answeredAtMs(): number | undefined {
    return this.#answeredAtMs;
  }

  /**
   * Memory that the peer occupies by not finishing its request or not reading the response. 0 while
   * the implementation works.
   */
  get heldBytes(): number {
    if (this.#request !== undefined) return this.#request.keptBytes + CALL_BYTES;
    if (this.#answeredAtMs !== undefined) return this.#stream.writableLength + CALL_BYTES;
    return this.#requests?.keptBytes ?? 0;
  }

  /** Called at intervals: compacts and counts what the call keeps. */
  compact(): void {
    this.#request?.compact();
    this.#requests?.compact();
    const bytes = this.heldBytes;
    if (bytes > 0) this.#options.memory.hold(this, bytes);
    else this.#options.memory.release(this);
  }

  abandon(): void {
    if (this.#request !== undefined) this.refuseRequest(tooManyIncomplete());
    else this.cut();
  }

  /** Ends the stream without a response. */
  cut(): void {
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  start(): void {
    const { method } = this.#head;
    this.#stream.on("close", this.#onClose);
    const refusal = this.#options.refusal(
      method.desc,
      this.context,
      () => this.#stream.session?.socket?.remoteAddress,
    );
    if (refusal !== undefined) {
      this.#refuse(refusal);
      return;
    }
    this.#options.admitted(method.desc, this.#stream, this.context);
    if (method.kind === "bidi_streaming") {
      this.#stream.on("data", this.#onPiece);
      this.#requests = new ManyMessages(this.#stream, this.#head, this, (error) => {
        this.#fail(error);
      });
      this.#write(writeAll(method, this.#requests, this.context, this.#reply));
    } else {
      this.#request = new OnlyMessage(method.readMaxBytes);
      this.#stream.on("data", this.#onData);
      this.#stream.on("end", this.#onEnd);
    }
  }

  /** Refuses the call before its implementation runs. Reads nothing more. */
  refuseRequest(error: ConnectError): void {
    this.#request = undefined;
    this.#options.memory.release(this);
    this.#stream.off("data", this.#onData);
    this.#stream.off("end", this.#onEnd);
    this.#stream.pause();
    this.#refuse(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    try {
      const request = this.#request;
      if (request === undefined || this.#onPiece(chunk)) return;
      request.push(chunk);
      if (!request.isOneChunk) this.#options.memory.hold(this, this.heldBytes);
    } catch (error) {
      this.refuseRequest(this.#explain(error));
    }
  };

  /** Ends the connection if it sends bodies in far too many pieces, and returns whether it did. */
  readonly #onPiece = ({ length }: Buffer): boolean => {
    const { session } = this.#stream;
    if (!this.#pieces.add(length, session)) return false;
    session?.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    return true;
  };

  readonly #onEnd = (): void => afterRead(this.#decode);

  readonly #decode = (): void => {
    if (this.#stream.closed) return;
    try {
      const frame = this.#request?.end();
      if (frame === undefined) return;
      const message = decodeFrame(frame, this.#head, this);
      if (message instanceof Promise) {
        message.then(
          (inflated) => this.#onMessage(inflated),
          (error) => this.#refuseUnreadable(error),
        );
      } else this.#onMessage(message);
    } catch (error) {
      this.#refuseUnreadable(error);
    }
  };

  #onMessage(request: unknown): void {
    // It was refused or cancelled during decompression.
    if (this.#request === undefined) return;
    this.#request = undefined;
    this.#options.memory.release(this);
    this.#run(request);
  }

  #run(request: unknown): void {
    const { method } = this.#head;
    if (method.kind === "unary") {
      method.call(request, this.context).then(
        (answer) => this.#answer(answer),
        (error) => this.#fail(error),
      );
    } else if (method.kind === "server_streaming") {
      this.#write(writeAll(method, request, this.context, this.#reply));
    }
  }

  #answer(message: unknown): void {
    try {
      const sent = this.#reply.answer(encode(this.#head.method.output, message));
      sent?.catch((error) => this.#fail(error));
      this.context.finish();
      this.#answeredAtMs = performance.now();
    } catch (error) {
      this.#fail(error);
    }
  }

  #write(written: Promise<void>): void {
    written.then(
      () => this.context.finish(),
      (error) => this.#fail(error),
    );
  }

  #fail(error: unknown): void {
    const explained = this.#explain(error);
    this.#reply.fail(explained);
    this.context.abort(explained);
    this.#answeredAtMs ??= performance.now();
  }

  #refuseUnreadable(error: unknown): void {
    if (this.#request === undefined) return;
    this.#request = undefined;
    this.#options.memory.release(this);
    this.#refuse(this.#explain(error));
  }

  #refuse(error: ConnectError): void {
    this.#options.refused(this.#name, codeName(error.code));
    this.#fail(error);
  }

  readonly #onClose = (): void => {
    this.#onClosed(this);
    this.#options.memory.release(this);
    // The peer disconnected or reset the stream.
    if (this.#request !== undefined) this.#options.refused(this.#name, codeName(Code.Canceled));
    this.#request = undefined;
    if (!this.context.isAborted) this.context.abort(canceled());
  };

  /** Guarded implementations throw only ConnectErrors; other errors come from encoding. */
  #explain(error: unknown): ConnectError {
    if (error instanceof ConnectError) return error;
    return toConnectError(internal(error), this.#options.reportInternal(error, this.#name));
  }

  get #name(): string {
    const { desc } = this.#head.method;
    return `${desc.parent.typeName}/${desc.name}`;
  }
}

const waiting: (() => void)[] = [];

/**
 * Runs work after everything in the current read was processed. A peer may cancel a call right
 * after it makes it (CVE-2023-44487); starting earlier would do useless work for as many calls as
 * fit into one read.
 */
export function afterRead(work: () => void): void {
  if (waiting.push(work) === 1) setImmediate(runAll);
}

function runAll(): void {
  for (const work of waiting.splice(0)) work();
}
