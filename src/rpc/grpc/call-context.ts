import type { ServerHttp2Stream } from "node:http2";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { type ContextValues, createContextValues, type HandlerContext } from "@connectrpc/connect";
import { deadlineExceeded } from "../error-map.ts";
import type { CallHead } from "./call-head.ts";
import { type HeadersIn, toHeaders } from "./reply.ts";

/** The listener's data of a call, for implementations. */
export interface CallSource {
  readonly stream: ServerHttp2Stream;
  readonly headers: HeadersIn;
  values(values: ContextValues): ContextValues;
}

/**
 * Connect's context. Headers, values and signal are created only when used: they cost more than the
 * rest of a small call.
 */
export class CallContext implements HandlerContext {
  readonly method: DescMethod;
  readonly protocolName = "grpc";
  readonly requestMethod = "POST";
  readonly source: CallSource;
  readonly #deadlineAtMs: number | undefined;
  #controller: AbortController | undefined;
  #aborted: { reason: unknown } | undefined;
  /** Replaces a listener on the signal, which costs more than the rest of a small call. */
  #onAbort: (() => void) | undefined;
  #requestHeader: Headers | undefined;
  #responseHeader: Headers | undefined;
  #responseTrailer: Headers | undefined;
  #values: ContextValues | undefined;

  constructor(head: CallHead, source: CallSource) {
    this.method = head.method.desc;
    this.source = source;
    this.#deadlineAtMs =
      head.timeoutMs === undefined ? undefined : performance.now() + head.timeoutMs;
  }

  get service(): DescService {
    return this.method.parent;
  }

  get url(): string {
    const { headers } = this.source;
    return `http://${headers[":authority"] ?? "localhost"}${headers[":path"]}`;
  }

  readonly timeoutMs = (): number | undefined =>
    this.#deadlineAtMs === undefined ? undefined : this.#deadlineAtMs - performance.now();

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }

  /** Only the first call has an effect. */
  abort(reason: unknown): void {
    if (this.#aborted !== undefined) return;
    this.#aborted = { reason };
    this.#controller?.abort(reason);
    this.#onAbort?.();
  }

  /** Whether the call was aborted or answered: nothing written now reaches the client. */
  get isAborted(): boolean {
    return this.#aborted !== undefined;
  }

  /** When the implementation is abandoned, by `performance.now()`, and its timeout. */
  #endsAtMs = Number.POSITIVE_INFINITY;
  #endsAfterMs = 0;

  endAfter(timeoutMs: number): void {
    this.#endsAtMs = performance.now() + timeoutMs;
    this.#endsAfterMs = timeoutMs;
  }

  endIfOverdue(now: number): void {
    if (this.#endsAtMs <= now) this.abort(deadlineExceeded(this.#endsAfterMs));
  }

  /** Sets the one listener; undefined removes it. */
  whenAborted(listener: (() => void) | undefined): void {
    this.#onAbort = listener;
  }

  /** The call is answered: no listener is called. */
  finish(): void {
    this.#aborted ??= { reason: undefined };
  }

  get requestHeader(): Headers {
    this.#requestHeader ??= toHeaders(this.source.headers);
    return this.#requestHeader;
  }

  get responseHeader(): Headers {
    this.#responseHeader ??= new Headers();
    return this.#responseHeader;
  }

  get responseTrailer(): Headers {
    this.#responseTrailer ??= new Headers();
    return this.#responseTrailer;
  }

  /** Undefined if the implementation set none. */
  get givenHeader(): Headers | undefined {
    return this.#responseHeader;
  }

  get givenTrailer(): Headers | undefined {
    return this.#responseTrailer;
  }

  get values(): ContextValues {
    this.#values ??= this.source.values(createContextValues());
    return this.#values;
  }
}
