import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import { type AckResult, AckStatus } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { callErrorText } from "../call-error.ts";
import { quarantineReasonName, stateName } from "../enum-names.ts";
import { DlqClientError } from "../errors.ts";
import { log } from "../log.ts";
import { safeCallback } from "../safe-callback.ts";
import type { Delivery } from "./delivery.ts";
import type { Unreported } from "./outcome-reporter.ts";
import type { SettledDelivery, WorkerOptions } from "./worker-options.ts";

/** Calls the callbacks of a worker's options. */
export interface WorkerReports {
  error(error: DlqClientError, delivery?: Delivery): void;
  settled(one: Unreported, result: AckResult): void;
  /** The outcome does not count, or the server gave no result for it. */
  notCounted(one: Unreported, result: AckResult | undefined): void;
  /** It is unknown whether the outcome counts. */
  givenUp(one: Unreported, error: ConnectError): void;
}

export function createWorkerReports(options: WorkerOptions): WorkerReports {
  const error = safeCallback("onError", options.onError ?? toConsole);
  const { onSettled } = options;
  const notifySettled = onSettled === undefined ? undefined : safeCallback("onSettled", onSettled);

  return {
    error,
    settled({ held, outcome }, result) {
      notifySettled?.(held, { outcome: outcome.kind, ...settledFrom(result) });
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

function settledFrom(result: AckResult): Omit<SettledDelivery, "outcome"> {
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

function toConsole(error: DlqClientError): void {
  log(error.message);
}
