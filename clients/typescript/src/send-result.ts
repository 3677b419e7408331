import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { SendToDlqResponse } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import type { DlqClientError } from "./errors.ts";
import {
  type MessageStateName,
  type QuarantineReasonName,
  quarantineReasonName,
  type ReasonName,
  reasonName,
  stateName,
} from "./names.ts";

/** The service has it. `joined`: as one more failure of an earlier message of its `dedupKey`. */
export interface Stored {
  readonly status: "sent" | "joined";
  /** The message's id; of the message it joined, if it did. */
  readonly id: string;
  readonly state: MessageStateName;
  /** As given, or as the server read it from the error. */
  readonly reason: ReasonName;
  /** When the next retry is due, if one is. */
  readonly dueTime?: Date;
  /** Why it went to quarantine, if it did. */
  readonly quarantineReason?: QuarantineReasonName;
  /** The queue that it is in: of the send, unless a routing rule has chosen another one. */
  readonly queue: string;
}

/** This machine has it, and delivers it when the service is back: under the same identity, once. */
export interface Spooled {
  readonly status: "spooled";
  /** False: in memory only, and lost with the process. */
  readonly durable: boolean;
}

/** It is the message that the running handler was given: the failure became that delivery's outcome. */
export interface FailedDelivery {
  readonly status: "delivery";
  readonly id: string;
}

/** The service does not have it, or nobody knows (`error.maybeStored`). */
export interface Dropped {
  readonly status: "dropped";
  readonly error: DlqClientError;
}

/** What became of a send. Later versions may add a status that means "kept". */
export type SendResult = Stored | Spooled | FailedDelivery | Dropped;

/**
 * Whether whoever called need not keep the message himself. In the memory of this process it is not
 * safer than with him.
 */
export function isKept(result: SendResult): boolean {
  return result.status === "spooled" ? result.durable : result.status !== "dropped";
}

/** @param sentTo the queue of the request */
export function storedFrom(response: SendToDlqResponse, sentTo: string): Stored {
  const { id, dueTime, quarantineReason, duplicate } = response;
  return {
    status: duplicate ? "joined" : "sent",
    id,
    state: stateName(response.state),
    reason: reasonName(response.reason),
    queue: response.queue || sentTo,
    ...(dueTime === undefined ? {} : { dueTime: timestampDate(dueTime) }),
    ...(quarantineReason === 0 ? {} : { quarantineReason: quarantineReasonName(quarantineReason) }),
  };
}
