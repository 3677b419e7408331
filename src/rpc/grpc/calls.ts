import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { DescMethod } from "@bufbuild/protobuf";
import { ConnectError, type ContextValues } from "@connectrpc/connect";
import type { CallMemory } from "../call-memory.ts";
import type { CredentialsCall } from "../credentials.ts";
import { codeName, deadlineExceeded } from "../error-map.ts";
import type { CheckCaller } from "../guard.ts";
import type { Method } from "../methods.ts";
import { Call } from "./call.ts";
import { readHead } from "./call-head.ts";
import { ACCEPTED_ENCODINGS } from "./compression.ts";
import { closeUnread, endAtOnce, errorTrailers } from "./reply.ts";

export interface GrpcCallsOptions {
  methods: ReadonlyMap<string, Method>;
  memory: CallMemory;
  /** Messages of at least this size are compressed for clients that accept it. 0: never. */
  compressMinBytes: number;
  /** Adds the listener's data of the call's connection. */
  values(values: ContextValues, stream: ServerHttp2Stream): ContextValues;
  /** Called before any byte of the request is kept. */
  refusal: CheckCaller<DescMethod>;
  /** Called for each call that is not refused. */
  admitted(method: DescMethod, stream: ServerHttp2Stream, call: CredentialsCall): void;
  /** Logs an internal error and returns the id that the client gets. */
  reportInternal(error: unknown, method: string): string;
  /**
   * Counts a call that ended before its implementation ran. `method` is empty for an unknown one.
   */
  refused(method: string, code: string): void;
}

/** The precision of deadlines. Clients enforce them to the millisecond. */
const SWEEP_MS = 100;

/** A response that its peer has not read within this time is dropped with its stream. */
export const UNREAD_TIMEOUT_MS = 30_000;

/**
 * gRPC over HTTP/2 streams (PROTOCOL-HTTP2 of the gRPC project), for Connect implementations.
 * Deadlines, credentials, errors and metrics are in the guarded implementation.
 */
export class GrpcCalls {
  readonly #options: GrpcCallsOptions;
  readonly #live = new Set<Call>();
  readonly #sweep: NodeJS.Timeout;

  constructor(options: GrpcCallsOptions) {
    this.#options = options;
    // One timer for all calls: one for each would cost more than most calls.
    this.#sweep = setInterval(() => this.#endOverdue(performance.now()), SWEEP_MS).unref();
  }

  /** Listener for the event "stream" of an HTTP/2 server. */
  readonly accept = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
    // Broken streams are normal; the call ends by "close".
    stream.on("error", ignore);
    const head = readHead(headers, this.#options.methods);
    if ("status" in head) {
      const type = "text/plain; charset=utf-8";
      stream.respond({ ":status": head.status, "content-type": type });
      // A HEAD request has ended with its headers.
      if (stream.writableEnded) closeUnread(stream);
      else stream.end(head.body, () => closeUnread(stream));
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

  /** Aborts every call with this reason. */
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
      call.compact();
      // The peer does not read the response, not even its trailers.
      if (call.answeredAtMs !== undefined && call.answeredAtMs + UNREAD_TIMEOUT_MS <= now)
        call.cut();
    }
  }
}

function ignore(): void {}
