import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { DlqAdminService } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { DlqService } from "../../gen/dlq/v1/dlq_service_pb.ts";
import {
  type Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../../gen/health/v1/health_pb.ts";
import { safeText } from "./error-details.ts";

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

/** grpc.health.v1, as its specification says: Check, List and Watch. */
export function createHealth(readiness: Readiness): ServiceImpl<typeof Health> {
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

    /** Sends the present status, then each change. An unknown service may become known. */
    async *watch({ service }, { signal }) {
      const known = SERVICES.has(service);
      for await (const present of changes(readiness, signal, status)) {
        yield { status: known ? present : Status.SERVICE_UNKNOWN };
        if (!known) await untilAborted(signal);
      }
    },
  };
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
