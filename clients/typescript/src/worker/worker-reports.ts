import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import { type AckResult, AckStatus } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { callErrorText } from "../call-error.ts";
import { quarantineReasonName, stateName } from "../enum-names.ts";
import { chainOf, stackOf } from "../error-chain.ts";
import { DlqClientError } from "../errors.ts";
import { log } from "../log.ts";
import { safeCallback } from "../safe-callback.ts";
import type { Delivery } from "./delivery.ts";
import type { Unreported } from "./outcome-reporter.ts";
import type { SettledDelivery, WorkerOptions } from "./worker-options.ts";

/** Calls the callbacks of a worker's options. */
export interface WorkerReports {
  error(error: DlqClientError, delivery?: Delivery): void;
  /** A handler of these deliveries threw this. */
  handlerFailed(deliveries: readonly Delivery[], thrown: unknown): void;
  settled(one: Unreported, result: AckResult): void;
  /** The outcome does not count, or the server gave no result for it. */
  notCounted(one: Unreported, result: AckResult | undefined): void;
  /** It is unknown whether the outcome counts. */
  givenUp(one: Unreported, error: ConnectError): void;
}

export function createWorkerReports(options: WorkerOptions): WorkerReports {
  const error = safeCallback("onError", options.onError ?? toConsole(options.queues));
  const { onSettled } = options;
  const notifySettled = onSettled == null ? undefined : safeCallback("onSettled", onSettled);

  return {
    error,
    handlerFailed(deliveries, thrown) {
      const named = deliveries
        .slice(0, NAMED_MESSAGES)
        .map(({ id, queue, attempt }) => `message ${id} of queue "${queue}", attempt ${attempt}`);
      const more = deliveries.length - named.length;
      if (more > 0) named.push(`${more} more`);
      const message = `the handler failed: ${named.join("; ")}`;
      error(new DlqClientError("handler-failed", message, { cause: thrown }), deliveries[0]);
    },
    settled({ held, outcome }, result) {
      notifySettled?.(held, {
        outcome: outcome.kind,
        ...(outcome.kind === "failed" ? { error: outcome.error } : {}),
        durationMs: held.handledMs,
        ...settledFrom(result),
      });
    },
    notCounted({ held, outcome }, result) {
      const message = `the outcome (${outcome.kind}) of message ${held.id} does not count: ${whyNot(result)}`;
      error(new DlqClientError("lease-lost", message), held);
    },
    givenUp({ held, outcome }, cause) {
      const message = `the outcome (${outcome.kind}) of message ${held.id} could not be reported: ${callErrorText(cause)}; the message may be delivered again`;
      error(new DlqClientError("connection", message, { code: cause.code, cause }), held);
    },
  };
}

function settledFrom(
  result: AckResult,
): Pick<SettledDelivery, "state" | "dueTime" | "quarantineReason"> {
  const { state, dueTime, quarantineReason } = result;
  return {
    state: stateName(state),
    ...(dueTime === undefined ? {} : { dueTime: timestampDate(dueTime) }),
    ...(quarantineReason === 0 ? {} : { quarantineReason: quarantineReasonName(quarantineReason) }),
  };
}

function whyNot(result: AckResult | undefined): string {
  if (result?.status === AckStatus.LEASE_LOST)
    return "its lease expired and another worker may have the message";
  if (result?.status === AckStatus.NOT_FOUND) return "the message does not exist any more";
  return result?.detail || "the server returned no result";
}

const REFUSAL_EVERY_MS = 60_000;
const NAMED_QUEUES = 3;
const NAMED_MESSAGES = 3;
const STACK_CHARS = 16_384;

/** Logs errors. Refusals of the worker's token repeat with each try: at most once a minute. */
function toConsole(queues: readonly string[]): (error: DlqClientError) => void {
  let refusedAtMs = Number.NEGATIVE_INFINITY;
  return (error) => {
    const { kind, message, cause } = error;
    if (kind === "handler-failed") {
      return log(`${message}\n${stackOf(chainOf(cause), STACK_CHARS)}`);
    }
    if (kind !== "unauthenticated") return log(message);
    const nowMs = performance.now();
    if (nowMs - refusedAtMs < REFUSAL_EVERY_MS) return;
    refusedAtMs = nowMs;
    log(`the worker of ${nameOf(queues)} is refused: ${message}; retrying`);
  };
}

function nameOf(queues: readonly string[]): string {
  const names = queues.slice(0, NAMED_QUEUES).map((queue) => `"${queue}"`);
  if (queues.length > NAMED_QUEUES) names.push("…");
  return `${queues.length === 1 ? "queue" : "queues"} ${names.join(", ")}`;
}
