import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { DlqAdminService } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { DlqService } from "../../gen/dlq/v1/dlq_service_pb.ts";
import {
  type Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../../gen/health/v1/health_pb.ts";
import { addressOf } from "./caller.ts";
import type { CredentialsCall } from "./credentials.ts";
import { safeText } from "./error-details.ts";
import { HealthWatches, WATCH_LIFETIME_MS } from "./health-watches.ts";
import { connectionAging } from "./stream-due.ts";

/** Whether this server can work: its store answers and it does not drain. */
export interface Readiness {
  state(): "SERVING" | "NOT_SERVING";
  /** Returns why it does not serve, for `/readyz`. */
  why?(): string | undefined;
  /** Returns what does not work although the server serves, for `/readyz`. */
  warning?(): string | undefined;
  /** Returns the function that ends the subscription. */
  onChange(listener: () => void): () => void;
}

/** The server as a whole, and its services. */
const SERVICES: ReadonlySet<string> = new Set(["", DlqService.typeName, DlqAdminService.typeName]);

/** The longest part of an unknown name in an error. */
const SHOWN_BYTES = 128;

export interface HealthOptions {
  readiness: Readiness;
  /** Whether a call has a valid token. It needs none. */
  hasToken(call: CredentialsCall): boolean;
}

/** grpc.health.v1, as its specification says: Check, List and Watch. */
export function createHealth({ readiness, hasToken }: HealthOptions): ServiceImpl<typeof Health> {
  const watches = new HealthWatches();
  const status = () => (readiness.state() === "SERVING" ? Status.SERVING : Status.NOT_SERVING);
  return {
    check({ service }) {
      if (SERVICES.has(service)) return { status: status() };
      const shown = JSON.stringify(safeText(service, SHOWN_BYTES));
      throw new ConnectError(`unknown service ${shown}`, Code.NotFound);
    },

    list() {
      return { statuses: Object.fromEntries([...SERVICES].map((s) => [s, { status: status() }])) };
    },

    /**
     * Sends the present status, then each change. An unknown service may become known. Ends after
     * an hour, with its connection, and when it has to give way to another one.
     */
    async *watch({ service }, context) {
      const known = SERVICES.has(service);
      const aging = context.values.get(connectionAging);
      // Each connection of the gRPC port has its own signal. HTTP/1.1 has one stream for a connection.
      const connection = aging === connectionAging.defaultValue ? undefined : aging;
      const replaced = new AbortController();
      const release = watches.take(
        { connection, address: addressOf(context), hasToken: hasToken(context) },
        (error) => replaced.abort(error),
      );
      const { signal, stop } = anyOf([context.signal, aging, replaced.signal], WATCH_LIFETIME_MS);
      try {
        for await (const present of changes(readiness, signal, status)) {
          yield { status: known ? present : Status.SERVICE_UNKNOWN };
          if (!known) await untilAborted(signal);
        }
        replaced.signal.throwIfAborted();
      } finally {
        stop();
        release();
      }
    },
  };
}

/** Aborts with any of the signals or after `ms`. `stop` frees it. */
function anyOf(signals: readonly AbortSignal[], ms: number) {
  const merged = new AbortController();
  const onAbort = () => merged.abort();
  const timer = setTimeout(onAbort, ms);
  for (const signal of signals) {
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  }
  const stop = () => {
    clearTimeout(timer);
    for (const signal of signals) signal.removeEventListener("abort", onAbort);
    onAbort();
  };
  return { signal: merged.signal, stop };
}

/** Yields values of `read` when they change. A slow reader may miss some. */
async function* changes<T>(
  readiness: Readiness,
  signal: AbortSignal,
  read: () => T,
): AsyncGenerator<T> {
  let wake = () => {};
  const stop = readiness.onChange(() => wake());
  const onAbort = () => wake();
  signal.addEventListener("abort", onAbort);
  try {
    let last: T | undefined;
    while (!signal.aborted) {
      const present = read();
      if (present !== last) {
        last = present;
        yield present;
        continue;
      }
      // There is no await since the check above, so no change is missed.
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    stop();
    signal.removeEventListener("abort", onAbort);
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
