import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import { type AckResult, AckStatus } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { wordsOf } from "../call-error.ts";
import { DlqClientError } from "../errors.ts";
import { quarantineReasonName, stateName } from "../names.ts";
import { say } from "../say.ts";
import { shielded } from "../shielded.ts";
import type { Unreported } from "./acks.ts";
import type { Delivery } from "./delivery.ts";
import type { SettledDelivery, WorkerOptions } from "./worker-options.ts";

/** What a worker tells its owner. */
export interface Reports {
  error(error: DlqClientError, delivery?: Delivery): void;
  settled(one: Unreported, result: AckResult): void;
  /** The server answered that the outcome does not count, or gave no answer for it. */
  notCounted(one: Unreported, result: AckResult | undefined): void;
  givenUp(one: Unreported, error: ConnectError): void;
}

export function createReports(options: WorkerOptions): Reports {
  const error = shielded("onError", options.onError ?? toConsole);
  const { onSettled } = options;
  const tellSettled = onSettled === undefined ? undefined : shielded("onSettled", onSettled);

  return {
    error,
    settled({ held, outcome }, result) {
      tellSettled?.(held, { outcome: outcome.kind, ...settledFrom(result) });
    },
    notCounted({ held, outcome }, result) {
      const words = `the outcome (${outcome.kind}) of message ${held.id} does not count: ${whyNot(result)}`;
      error(new DlqClientError("lease-lost", words), held);
    },
    givenUp({ held, outcome }, cause) {
      const words = `the outcome (${outcome.kind}) of message ${held.id} could not be reported: ${wordsOf(cause)}; it may come again`;
      error(new DlqClientError("connection", words, { code: cause.code, cause }), held);
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
  if (result?.status === AckStatus.LEASE_LOST) return "its lease was over and it moved on";
  if (result?.status === AckStatus.NOT_FOUND) return "it is gone";
  return result?.detail || "the server gave no result";
}

function toConsole(error: DlqClientError): void {
  say(error.message);
}
