import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectError } from "@connectrpc/connect";
import { type AckResult, AckStatus } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { callErrorText, refusalOf, unansweredReason } from "../call-error.ts";
import { quarantineReasonName, stateName } from "../enum-names.ts";
import { chainOf, stackOf } from "../error-chain.ts";
import { DlqClientError } from "../errors.ts";
import { log } from "../log.ts";
import { RepeatedWarning } from "../repeated-warning.ts";
import { safeCallback } from "../safe-callback.ts";
import type { HandlerRun } from "./current.ts";
import type { Delivery } from "./delivery.ts";
import type { Unreported } from "./outcome-reporter.ts";
import type { SettledDelivery, WorkerOptions } from "./worker-options.ts";

/** Calls the callbacks of a worker's options. */
export interface WorkerReports {
  error(error: DlqClientError, delivery?: Delivery): void;
  /** The stream broke, or a call for its deliveries was refused. */
  broken(error: ConnectError): void;
  /** The stream is open. */
  opened(): void;
  /** The server refused the worker for good. */
  ended(error: DlqClientError): void;
  /** A handler of these deliveries threw this. */
  handlerFailed(deliveries: readonly Delivery[], thrown: unknown): void;
  /** A stopping worker waits no longer for these handlers. */
  aborted(runs: readonly HandlerRun[]): void;
  settled(one: Unreported, result: AckResult): void;
  /** The outcome does not count, or the server gave no result for it. */
  notCounted(one: Unreported, result: AckResult | undefined): void;
  /** It is unknown whether the outcome counts. */
  givenUp(one: Unreported, error: ConnectError): void;
}

export function createWorkerReports(options: WorkerOptions): WorkerReports {
  const error = safeCallback("onError threw", options.onError ?? toConsole);
  const name = `the worker of ${nameOf(options.queues)}`;
  const warning = new RepeatedWarning();
  const { onSettled } = options;
  const notifySettled = onSettled == null ? undefined : safeCallback("onSettled threw", onSettled);

  return {
    error,
    broken(cause) {
      const found = brokenError(name, cause);
      if (options.onError == null) warning.warn(`${found.message}; retrying`);
      else error(found);
    },
    opened: () => warning.end(`${name} works again`),
    ended({ kind, message, code, cause }) {
      error(new DlqClientError(kind, `${name} has stopped: ${message}`, { code, cause }));
    },
    handlerFailed(deliveries, thrown) {
      const message = `the handler failed: ${listed(deliveries.map(attemptName))}`;
      error(new DlqClientError("handler-failed", message, { cause: thrown }), deliveries[0]);
    },
    aborted(runs) {
      if (runs.length === 0) return; // they ended just now
      const nowMs = performance.now();
      const names = runs.flatMap(({ batch, beganAtMs }) => {
        const seconds = ((nowMs - beganAtMs) / 1_000).toFixed(1);
        return batch.map((one) => `${attemptName(one)}, for ${seconds} s`);
      });
      log(
        `${name} stops and cancels handlers that still run: ${listed(names)}; their messages are released; raise drainTimeoutMs if handlers need longer`,
      );
    },
    settled({ held, outcome }, result) {
      notifySettled?.(held, {
        outcome: outcome.kind,
        ...(outcome.kind === "failed" ? { error: outcome.error } : {}),
        durationMs: held.run?.handledMs ?? 0,
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

const NAMED_QUEUES = 3;
const NAMED_MESSAGES = 3;
const STACK_CHARS = 16_384;

const attemptName = ({ id, queue, attempt }: Delivery) =>
  `message ${id} of queue "${queue}", attempt ${attempt}`;

function listed(names: readonly string[]): string {
  const more = names.length - NAMED_MESSAGES;
  const shown = names.slice(0, NAMED_MESSAGES);
  return (more > 0 ? [...shown, `${more} more`] : shown).join("; ");
}

function toConsole({ kind, message, cause }: DlqClientError): void {
  if (kind !== "handler-failed") log(message);
  else log(`${message}\n${stackOf(chainOf(cause), STACK_CHARS)}`);
}

function brokenError(name: string, cause: ConnectError): DlqClientError {
  const { code } = cause;
  if (code === Code.Unauthenticated || code === Code.PermissionDenied) {
    const { kind, message } = refusalOf(cause);
    return new DlqClientError(kind, `${name} is refused: ${message}`, { code, cause });
  }
  const message = `${name} gets no messages: ${unansweredReason(cause)}`;
  return new DlqClientError("connection", message, { code, cause });
}

function nameOf(queues: readonly string[]): string {
  const names = queues.slice(0, NAMED_QUEUES).map((queue) => `"${queue}"`);
  if (queues.length > NAMED_QUEUES) names.push("…");
  return `${queues.length === 1 ? "queue" : "queues"} ${names.join(", ")}`;
}
