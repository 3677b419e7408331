import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { DescMethod } from "@bufbuild/protobuf";
import { ConnectError, type ContextValues } from "@connectrpc/connect";
import { codeName, deadlineExceeded } from "../error-map.ts";
import type { Method } from "../methods.ts";
import type { RequestMemory } from "../request-memory.ts";
import { Call } from "./call.ts";
import { readHead } from "./call-head.ts";
import { ACCEPTED_ENCODINGS } from "./compression.ts";
import { errorTrailers } from "./metadata.ts";
import { closeUnread, endAtOnce } from "./reply.ts";

export interface GrpcCallsOptions {
  methods: ReadonlyMap<string, Method>;
  memory: RequestMemory;
  /** Messages of at least this size are compressed for clients that accept it; 0: none is. */
  compressMinBytes: number;
  /** Adds what the listener knows of the call's connection. */
  values(values: ContextValues, stream: ServerHttp2Stream): ContextValues;
  /** Why this caller may not; asked before a byte of the request is kept. */
  refusal(method: DescMethod, call: { readonly requestHeader: Headers }): ConnectError | undefined;
  /** Logs what a client must not be told, and returns the id to look for. */
  reportInternal(error: unknown, method: string): string;
  /** A call that ended before its implementation was asked. `method` is empty if it is none. */
  refused(method: string, code: string): void;
}

/** Deadlines are kept this exactly: their clients keep them themselves, to the millisecond. */
const SWEEP_MS = 100;

/** An answer that its peer has not taken by then is given up, and its stream with it. */
export const TAKEN_WITHIN_MS = 30_000;

/**
 * gRPC over HTTP/2 streams (PROTOCOL-HTTP2 of the gRPC project), for Connect implementations that
 * carry their own rules: deadline, credentials, errors and metrics are in the implementation.
 */
export class GrpcCalls {
  readonly #options: GrpcCallsOptions;
  readonly #live = new Set<Call>();
  readonly #sweep: NodeJS.Timeout;

  constructor(options: GrpcCallsOptions) {
    this.#options = options;
    // One timer for all: one for each would cost more than most calls take.
    this.#sweep = setInterval(() => this.#endOverdue(performance.now()), SWEEP_MS).unref();
  }

  /** For the event "stream" of an HTTP/2 server. */
  readonly accept = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
    // A broken stream is an everyday event; its call learns of it by "close".
    stream.on("error", ignore);
    const head = readHead(headers, this.#options.methods);
    if ("status" in head) {
      const type = "text/plain; charset=utf-8";
      stream.respond({ ":status": head.status, "content-type": type });
      // A HEAD has ended with its headers.
      if (stream.writableEnded) closeUnread(stream);
      else stream.end(head.words, () => closeUnread(stream));
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
    const call = new Call(stream, headers, head, this.#options, this.#onClosed);
    this.#live.add(call);
    call.start();
  };

  /** Every call hears it as its signal's reason. */
  abort(reason: ConnectError): void {
    clearInterval(this.#sweep);
    for (const { context } of this.#live) context.abort(reason);
  }

  readonly #onClosed = (call: Call): void => {
    this.#live.delete(call);
  };

  #endOverdue(now: number): void {
    for (const call of this.#live) {
      if (call.isReading && call.requestUntilMs <= now) {
        call.refuseRequest(deadlineExceeded(undefined));
      }
      call.context.endIfOverdue(now);
      call.settleDown();
      // Its peer takes no answer, not even its trailers.
      if (call.answeredAtMs !== undefined && call.answeredAtMs + TAKEN_WITHIN_MS <= now) call.cut();
    }
  }
}

function ignore(): void {}
