// The texts of events, and the view for files, pipes and screen readers: one line for each event.

import {
  BreakerState,
  type SendResult,
  type SettledDelivery,
} from "../../clients/typescript/src/index.ts";
import type { Ledger } from "./ledger.ts";
import { HttpError, type ServiceName } from "./services.ts";

/** What a view can show. */
export interface Scene {
  readonly ledger: Ledger;
  readonly seconds: number;
  /** Since the first order. */
  elapsedMs(): number;
  worksAgain(service: ServiceName): boolean;
  /** The gRPC address of the service. */
  readonly grpc: string;
  /** Of NATS, with `--nats`. */
  readonly natsUrl: string | undefined;
}

/** Shows a run while it happens. */
export interface View {
  onEvent(event: DemoEvent): void;
  /** The ledger has new counts. */
  onCounts(): void;
  /** Restores the terminal. May be called twice. */
  close(): void;
}

const TOTALS_EVERY_MS = 4_000;

export function createPlainView(scene: Scene, write: (text: string) => void): View {
  let totalsAtMs = scene.elapsedMs() + TOTALS_EVERY_MS;
  let lastTotals = "";
  const line = (words: string) => write(`${seconds(scene.elapsedMs()).padStart(7)}  ${words}\n`);
  return {
    onEvent: ({ kind, words }: DemoEvent) =>
      line(kind === "service" || kind === "breaker" ? `*** ${words}` : words),
    onCounts() {
      if (scene.elapsedMs() < totalsAtMs) return;
      totalsAtMs = scene.elapsedMs() + TOTALS_EVERY_MS;
      const totals = totalsOf(scene);
      if (totals !== lastTotals) line(`--- ${totals}`);
      lastTotals = totals;
    },
    close() {},
  };
}

/** `40 orders: 9 succeeded at once, 31 dead letters (20 waiting, …)`. */
function totalsOf({ ledger }: Scene): string {
  const { sent, waiting, inFlight, recovered, quarantined } = ledger.total;
  const parts = [
    `${waiting} waiting`,
    `${inFlight} in flight`,
    `${recovered} recovered`,
    `${quarantined} quarantined`,
  ];
  const { tried, atOnce } = ledger;
  return `${tried} orders: ${atOnce} succeeded at once, ${sent} dead letters: ${parts.join(", ")}`;
}

export type EventKind =
  | "kept"
  | "failed"
  | "recovered"
  | "quarantined"
  | "lost"
  | "service"
  | "breaker";

export interface DemoEvent {
  readonly kind: EventKind;
  readonly service: ServiceName;
  readonly words: string;
}

/** Names an order in the texts of its events. */
export interface OrderRef {
  readonly id: number;
  readonly service: ServiceName;
}

/** The event of an order that failed and was sent to the DLQ. */
export function sendEvent(
  { id, service }: OrderRef,
  error: unknown,
  result: SendResult,
): DemoEvent {
  const start = `order ${id} to ${service}: ${inShort(error)}`;
  switch (result.status) {
    case "dropped":
      return { kind: "lost", service, words: `${start}, LOST: ${result.error.message}` };
    case "spooled":
      return { kind: "kept", service, words: `${start}, kept in the spool` };
    case "delivery": // only of a send inside a handler; the shop has none
      return { kind: "kept", service, words: start };
    default: {
      const { reason, quarantineReason, dueTime } = result;
      if (quarantineReason !== undefined) {
        const words = `${start}, ${reason}: quarantined at once`;
        return { kind: "quarantined", service, words };
      }
      return { kind: "kept", service, words: `${start}, ${reason}; retry ${inTime(dueTime)}` };
    }
  }
}

export interface Attempt extends OrderRef {
  readonly attempt: number;
  /** What the handler threw; undefined if it succeeded. */
  readonly error: unknown;
  /** Time since the order failed first. */
  readonly ageMs: number;
}

/** The event of a retry whose outcome the service accepted. */
export function attemptEvent(attempt: Attempt, settled: SettledDelivery): DemoEvent {
  const { id, service, error, ageMs } = attempt;
  const which = `order ${id} to ${service}`;
  if (settled.outcome === "succeeded") {
    const words = `${which} recovered on attempt ${attempt.attempt} after ${seconds(ageMs)}`;
    return { kind: "recovered", service, words };
  }
  const failed = `${which}: attempt ${attempt.attempt}, ${inShort(error)}`;
  if (settled.quarantineReason !== undefined) {
    const why = settled.quarantineReason.toLowerCase().replaceAll("_", " ");
    const words = `${which} quarantined after attempt ${attempt.attempt}: ${why}`;
    return { kind: "quarantined", service, words };
  }
  return { kind: "failed", service, words: `${failed}; retry ${inTime(settled.dueTime)}` };
}

/** The event of a breaker that has changed its state. */
export function breakerEvent(service: ServiceName, state: BreakerState): DemoEvent {
  return { kind: "breaker", service, words: `${service}: ${BREAKER_WORDS[state]}` };
}

const BREAKER_WORDS: Readonly<Record<BreakerState, string>> = {
  [BreakerState.UNSPECIFIED]: "the state of the breaker is unknown",
  [BreakerState.CLOSED]: "the breaker has closed, all messages are delivered",
  [BreakerState.OPEN]: "the breaker is open, nothing is delivered",
  [BreakerState.HALF_OPEN]: "the breaker is half-open, one message probes",
};

export function seconds(ms: number): string {
  return `${(Math.max(0, ms) / 1_000).toFixed(1)} s`;
}

function inTime(dueTime: Date | undefined): string {
  return dueTime === undefined ? "soon" : `in ${seconds(dueTime.getTime() - Date.now())}`;
}

/** A short text of an error: of its cause, if the error itself is too general. */
function inShort(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "no answer in time";
  const code = (error.cause as { code?: unknown } | undefined)?.code;
  if (code === "ECONNREFUSED") return "connection refused";
  return error instanceof HttpError ? `answered ${error.status}` : error.name;
}
