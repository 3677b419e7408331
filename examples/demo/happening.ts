// What happens in the demo, in words. Everything comes from what the client reports.

import type { SendResult, SettledDelivery } from "../../clients/typescript/src/index.ts";
import { HttpError } from "./call.ts";
import type { ServiceName } from "./services.ts";

export type HappeningKind = "kept" | "failed" | "recovered" | "quarantined" | "lost" | "service";

export interface Happening {
  readonly kind: HappeningKind;
  readonly service: ServiceName;
  readonly words: string;
}

/** Where an order is, for its lines. */
export interface OrderRef {
  readonly id: number;
  readonly service: ServiceName;
}

/** An order failed and was sent. */
export function ofSend({ id, service }: OrderRef, error: unknown, result: SendResult): Happening {
  const start = `order ${id} to ${service}: ${inShort(error)}`;
  switch (result.status) {
    case "dropped":
      return { kind: "lost", service, words: `${start}, NOT KEPT: ${result.error.message}` };
    case "spooled":
      return { kind: "kept", service, words: `${start}, kept on this machine` };
    case "delivery": // of a send inside a handler; the shop sends in none
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
  /** What the handler threw, if it did. */
  readonly error: unknown;
  /** Since the order failed at first. */
  readonly ageMs: number;
}

/** A worker has tried it again, and its outcome counts. */
export function ofAttempt(attempt: Attempt, settled: SettledDelivery): Happening {
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

export function seconds(ms: number): string {
  return `${(Math.max(0, ms) / 1_000).toFixed(1)} s`;
}

function inTime(dueTime: Date | undefined): string {
  return dueTime === undefined ? "soon" : `in ${seconds(dueTime.getTime() - Date.now())}`;
}

/** The words that say most: those of the cause where the error has only general ones. */
function inShort(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "no answer in time";
  const code = (error.cause as { code?: unknown } | undefined)?.code;
  if (code === "ECONNREFUSED") return "connection refused";
  return error instanceof HttpError ? `answered ${error.status}` : error.name;
}
