import { randomBytes } from "node:crypto";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { DlqError, internal, unauthenticated } from "../core/errors.ts";
import type { Metrics } from "../observe/metrics.ts";
import { abortError, type CallPolicy, type StreamFn, type UnaryFn } from "./call-policy.ts";
import { setCaller } from "./caller.ts";
import type { Credentials, CredentialsCall } from "./credentials.ts";
import { codeName, toConnectError } from "./error-map.ts";
import { guardStream } from "./guard-stream.ts";
import { guardUnary } from "./guard-unary.ts";
import { RefusalLog } from "./refusal-log.ts";

export interface GuardOptions {
  credentials: Credentials;
  metrics: Pick<Metrics, "rpc" | "streams">;
  log: {
    error(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
  /** For unary calls without a deadline. Default 15 s. */
  defaultTimeoutMs?: number;
  /** The longest wait for a unary call, whatever its client's deadline. Default 60 s. */
  maxTimeoutMs?: number;
}

export type CheckCaller<What> = (
  what: What,
  call: CredentialsCall,
  address: () => string | undefined,
) => ConnectError | undefined;

export interface GuardedServiceOptions {
  /** Whether calls need no token. */
  open?: boolean;
}

/**
 * Wraps implementations with deadline, credentials, error mapping, metrics and the count of calls
 * in progress. Every caller of a wrapped implementation gets all of these, with or without
 * Connect's interceptors.
 */
export interface Guard {
  /** Methods without an implementation are not served. */
  wrap<S extends DescService, I extends Partial<ServiceImpl<S>>>(
    service: S,
    implementation: I,
    options?: GuardedServiceOptions,
  ): I;
  readonly calls: Calls;
  /**
   * Returns why the caller is refused, before its request is read, and logs it. `address` returns
   * the caller's address.
   */
  refusal: CheckCaller<DescMethod>;
  /** Whether calls of a method need no token on any server. */
  isOpen(method: DescMethod): boolean;
  /** The same as `refusal` for a page of the HTTP port, by its path. */
  pageRefusal: CheckCaller<string>;
  /** Whether a call has a valid token, also one that needs none. */
  hasToken(call: CredentialsCall): boolean;
  /** Calls `end` once when the token of a call is no longer accepted; see `Credentials.watch`. */
  whenRevoked(call: CredentialsCall, end: () => void): () => void;
  /** Logs an INTERNAL error and returns the id that the client gets. */
  reportInternal(error: unknown, method: string): string;
}

export function createGuard(options: GuardOptions): Guard {
  const calls = new Calls();
  const { credentials } = options;
  const refusals = new RefusalLog({
    write: (fields) => options.log.warn(fields, "calls refused: no valid token"),
  });
  const openServices = new Set<string>();

  function reportInternal(error: unknown, method: string): string {
    const errorId = randomBytes(6).toString("hex");
    options.log.error({ err: error, errorId, method }, "call failed: unexpected error");
    return errorId;
  }

  function policyFor(method: DescMethod, open: boolean): CallPolicy {
    const name = nameOf(method);
    return {
      name,
      calls,
      metrics: options.metrics,
      defaultTimeoutMs: options.defaultTimeoutMs ?? 15_000,
      maxTimeoutMs: options.maxTimeoutMs ?? 60_000,
      authorize(context) {
        const token = open ? undefined : credentials.check(context);
        if (token === undefined) return undefined;
        if ("refused" in token) throw unauthenticated();
        setCaller(context, token);
        return token;
      },
      whenRevoked: (token, end) =>
        credentials.watch(token, () => {
          const facts = { method: name, caller: token.name };
          options.log.warn(facts, "stream ended: its token was removed or has expired");
          end(toConnectError(unauthenticated()));
        }),
      explain(error, context) {
        if (error instanceof ConnectError) return error;
        // After an abort the error is whatever the interrupted code threw.
        if (context.signal.aborted && !(error instanceof DlqError)) return abortError(context);
        if (error instanceof DlqError && error.kind !== "INTERNAL") return toConnectError(error);
        const cause = error instanceof DlqError ? (error.cause ?? error) : error;
        return toConnectError(internal(cause), reportInternal(cause, name));
      },
      done(startedAtMs, error) {
        const code = error === undefined ? "OK" : codeName(error.code);
        options.metrics.rpc(name, code, performance.now() - startedAtMs);
      },
    };
  }

  const pageRefusal: CheckCaller<string> = (name, call, address) => {
    const token = credentials.check(call);
    if (token === undefined || !("refused" in token)) return undefined;
    const { refused: why, name: caller } = token;
    refusals.report({ method: name, why, caller }, address());
    return toConnectError(unauthenticated());
  };

  const isOpen = (method: DescMethod) => openServices.has(method.parent.typeName);

  return {
    calls,
    reportInternal,
    pageRefusal,
    hasToken(call) {
      const token = credentials.check(call);
      return token !== undefined && !("refused" in token);
    },
    whenRevoked(call, end) {
      const token = credentials.check(call);
      return token === undefined || "refused" in token ? () => {} : credentials.watch(token, end);
    },
    isOpen,
    refusal(method, call, address) {
      if (isOpen(method)) return undefined;
      return pageRefusal(nameOf(method), call, address);
    },
    wrap(service, implementation, { open = false } = {}) {
      if (open) openServices.add(service.typeName);
      const wrapped: Record<string, UnaryFn | StreamFn> = {};
      for (const method of service.methods) {
        const given = (implementation as Record<string, unknown>)[method.localName];
        if (typeof given !== "function") continue;
        const fn = given.bind(implementation);
        const policy = policyFor(method, open);
        wrapped[method.localName] =
          method.methodKind === "unary"
            ? guardUnary(fn as UnaryFn, policy)
            : guardStream(fn as StreamFn, policy);
      }
      // The keys and kinds are those of the service; the compiler cannot follow the loop.
      return wrapped as typeof implementation;
    },
  };
}

/** The name of a method in metrics and logs. */
function nameOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

/** Counts calls in progress, so that a stopping server can wait for them. */
export class Calls {
  #active = 0;
  readonly #waiting = new Set<() => void>();

  /** Only unary calls: streams end with their own frame or are cut. */
  get active(): number {
    return this.#active;
  }

  begin(): void {
    this.#active += 1;
  }

  end(): void {
    this.#active -= 1;
    if (this.#active > 0) return;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** Resolves when no call is in progress. */
  async idle(): Promise<void> {
    if (this.#active === 0) return;
    await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }
}
