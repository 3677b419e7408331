import { randomBytes } from "node:crypto";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { DlqError, internal, unauthenticated } from "../core/errors.ts";
import type { Metrics } from "../observe/metrics.ts";
import { abortError, type CallRules, type StreamFn, type UnaryFn } from "./call-rules.ts";
import { Calls } from "./calls.ts";
import { createCredentials } from "./credentials.ts";
import { codeName, toConnectError } from "./error-map.ts";
import { guardStream } from "./guard-stream.ts";
import { guardUnary } from "./guard-unary.ts";

export interface GuardOptions {
  /** Accepted bearer tokens; empty: everybody is let in. */
  tokens: readonly string[];
  metrics: Pick<Metrics, "rpc" | "streams">;
  log: { error(fields: object, message: string): void };
  /** For unary calls without a deadline. Default 15 s. */
  defaultTimeoutMs?: number;
  /** No unary call is waited for longer, whatever its client says. Default 60 s. */
  maxTimeoutMs?: number;
}

export interface GuardedServiceOptions {
  /** True: needs no token. */
  open?: boolean;
}

/**
 * Deadline, credentials, error mapping, metrics, and the count of calls in progress, around the
 * implementations themselves: whatever calls a guarded implementation gets all of it, with or
 * without Connect's interceptors.
 */
export interface Guard {
  /** Methods that an implementation does not have are not served. */
  wrap<S extends DescService, I extends Partial<ServiceImpl<S>>>(
    service: S,
    implementation: I,
    options?: GuardedServiceOptions,
  ): I;
  readonly calls: Calls;
  /** Why the caller may not; for a listener that wants to know before it reads a request. */
  refusal(method: DescMethod, call: { readonly requestHeader: Headers }): ConnectError | undefined;
  /** INTERNAL errors leave only this id with the client; the log line has the rest. */
  reportInternal(error: unknown, method: string): string;
}

export function createGuard(options: GuardOptions): Guard {
  const calls = new Calls();
  const isKnown = createCredentials(options.tokens);
  const openServices = new Set<string>();

  function reportInternal(error: unknown, method: string): string {
    const errorId = randomBytes(6).toString("hex");
    options.log.error({ err: error, errorId, method }, "unexpected error in a call");
    return errorId;
  }

  function rulesFor(method: DescMethod, open: boolean): CallRules {
    const name = `${method.parent.typeName}/${method.name}`;
    return {
      name,
      calls,
      metrics: options.metrics,
      defaultTimeoutMs: options.defaultTimeoutMs ?? 15_000,
      maxTimeoutMs: options.maxTimeoutMs ?? 60_000,
      authorize(context) {
        if (!open && !isKnown(context)) throw unauthenticated();
      },
      explain(error, context) {
        if (error instanceof ConnectError) return error;
        // An abort surfaces as whatever the interrupted code made of it.
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

  return {
    calls,
    reportInternal,
    refusal(method, call) {
      if (openServices.has(method.parent.typeName) || isKnown(call)) return undefined;
      return toConnectError(unauthenticated());
    },
    wrap(service, implementation, { open = false } = {}) {
      if (open) openServices.add(service.typeName);
      const wrapped: Record<string, UnaryFn | StreamFn> = {};
      for (const method of service.methods) {
        const given = (implementation as Record<string, unknown>)[method.localName];
        if (typeof given !== "function") continue;
        const fn = given.bind(implementation);
        const rules = rulesFor(method, open);
        wrapped[method.localName] =
          method.methodKind === "unary"
            ? guardUnary(fn as UnaryFn, rules)
            : guardStream(fn as StreamFn, rules);
      }
      // The keys and kinds are those of the service; the compiler can't follow the loop.
      return wrapped as typeof implementation;
    },
  };
}
