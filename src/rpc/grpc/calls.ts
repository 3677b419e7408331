import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { ConnectError, type ContextValues } from "@connectrpc/connect";
import { internal } from "../../core/errors.ts";
import { canceled, codeName, deadlineExceeded, toConnectError } from "../error-map.ts";
import type { Method } from "../methods.ts";
import { CallContext } from "./call-context.ts";
import { type CallHead, readHead } from "./call-head.ts";
import { ACCEPTED_ENCODINGS } from "./compression.ts";
import { errorTrailers } from "./metadata.ts";
import { type Reading, readMany, readOnly } from "./read-request.ts";
import { closeUnread, endAtOnce, Reply } from "./reply.ts";
import { answerOne, writeAll } from "./run.ts";

export interface GrpcCallsOptions {
  methods: ReadonlyMap<string, Method>;
  /** Messages of at least this size are compressed for clients that accept it; 0: none is. */
  compressMinBytes: number;
  /** Adds what the listener knows of the call's connection. */
  values(values: ContextValues, stream: ServerHttp2Stream): ContextValues;
  /** Logs what a client must not be told, and returns the id to look for. */
  reportInternal(error: unknown, method: string): string;
  /** A call that ended before its implementation was asked. `method` is empty if it is none. */
  refused(method: string, code: string): void;
}

/** A request must be complete by then, whatever deadline its client names. */
const READ_TIMEOUT_MS = 60_000;
/** A request that comes in pieces has its deadline kept this exactly; the guard keeps the rest. */
const SWEEP_MS = 250;

/**
 * gRPC over HTTP/2 streams (PROTOCOL-HTTP2 of the gRPC project), for Connect implementations that
 * carry their own rules: deadline, credentials, errors and metrics are in the implementation.
 */
export class GrpcCalls {
  readonly #options: GrpcCallsOptions;
  readonly #live = new Set<CallContext>();
  /** Requests that are not complete. A timer for each would cost more than most take to arrive. */
  readonly #reading = new Set<Reading>();
  readonly #sweep: NodeJS.Timeout;

  constructor(options: GrpcCallsOptions) {
    this.#options = options;
    this.#sweep = setInterval(() => this.#endSlowRequests(performance.now()), SWEEP_MS).unref();
  }

  /** For the event "stream" of an HTTP/2 server. */
  readonly accept = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
    // A broken stream is an everyday event; its call learns of it by "close".
    stream.on("error", ignore);
    const head = readHead(headers, this.#options.methods);
    if ("status" in head) {
      const type = "text/plain; charset=utf-8";
      stream.respond({ ":status": head.status, "content-type": type });
      stream.end(head.words, () => closeUnread(stream));
      return;
    }
    if (head instanceof ConnectError) {
      this.#options.refused("", codeName(head.code));
      endAtOnce(stream, {
        ":status": 200,
        "content-type": "application/grpc",
        "grpc-accept-encoding": ACCEPTED_ENCODINGS,
        ...errorTrailers(head),
      });
      return;
    }
    this.#start(stream, headers, head);
  };

  /** Every call hears it as its signal's reason. */
  abort(reason: ConnectError): void {
    clearInterval(this.#sweep);
    for (const context of this.#live) context.abort(reason);
  }

  #start(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, head: CallHead): void {
    const context = new CallContext(head, {
      stream,
      headers,
      values: (values) => this.#options.values(values, stream),
    });
    this.#live.add(context);
    stream.once("close", () => {
      this.#live.delete(context);
      if (!context.isOver) context.abort(canceled());
    });
    const { compressMinBytes } = this.#options;
    const gzip = head.acceptsGzip && compressMinBytes > 0;
    const reply = new Reply(stream, context, gzip ? compressMinBytes : undefined);
    void this.#run(stream, head, context, reply);
  }

  async #run(
    stream: ServerHttp2Stream,
    head: CallHead,
    context: CallContext,
    reply: Reply,
  ): Promise<void> {
    try {
      if (head.method.kind === "bidi_streaming") {
        await writeAll(head.method, readMany(stream, head), context, reply);
      } else {
        const request = await this.#read(stream, head, context);
        if (head.method.kind === "unary") await answerOne(head.method, request, context, reply);
        else await writeAll(head.method, request, context, reply);
      }
      context.finish();
    } catch (error) {
      const failed = this.#explain(error, head.method);
      reply.fail(failed);
      context.abort(failed);
    }
  }

  async #read(stream: ServerHttp2Stream, head: CallHead, context: CallContext): Promise<unknown> {
    const timeoutMs = Math.min(context.timeoutMs() ?? READ_TIMEOUT_MS, READ_TIMEOUT_MS);
    const reading: Reading = { untilMs: performance.now() + timeoutMs, stop: () => {} };
    this.#reading.add(reading);
    try {
      return await readOnly(stream, head, reading);
    } catch (error) {
      this.#options.refused(nameOf(head.method), codeName(ConnectError.from(error).code));
      throw error;
    } finally {
      this.#reading.delete(reading);
    }
  }

  /** Guarded implementations throw nothing else; this is for what could not be encoded. */
  #explain(error: unknown, method: Method): ConnectError {
    if (error instanceof ConnectError) return error;
    return toConnectError(internal(error), this.#options.reportInternal(error, nameOf(method)));
  }

  #endSlowRequests(now: number): void {
    for (const { untilMs, stop } of this.#reading) {
      if (untilMs <= now) stop(deadlineExceeded(undefined));
    }
  }
}

function nameOf({ desc }: Method): string {
  return `${desc.parent.typeName}/${desc.name}`;
}

function ignore(): void {}
