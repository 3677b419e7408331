import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { SendToDlqResponse } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import {
  type MessageStateName,
  type QuarantineReasonName,
  quarantineReasonName,
  type ReasonName,
  reasonName,
  stateName,
} from "./enum-names.ts";
import type { DlqClientError } from "./errors.ts";

/**
 * The service accepted the message. `joined`: as one more failure of an earlier one with its `dedupKey`, or it had the send
 * already.
 */
export interface Stored {
  readonly status: "sent" | "joined";
  /**
   * The id of the message, or of the earlier message that it joined. Empty if a routing rule dropped the message, or if the
   * service had the send already and has forgotten its result.
   */
  readonly id: string;
  readonly state: MessageStateName;
  /** As given, or as the server derived it from the error. */
  readonly reason: ReasonName;
  /** When the next retry is due; absent if there is none. */
  readonly dueTime?: Date;
  /** Why it was quarantined; absent if it was not. */
  readonly quarantineReason?: QuarantineReasonName;
  /** The queue of the message: that of the send, unless a routing rule chose another one. */
  readonly queue: string;
}

/** The client keeps the message and sends it once when the service is available. */
export interface Spooled {
  readonly status: "spooled";
  /** True: on disk. False: only in memory, and lost when the process ends. */
  readonly durable: boolean;
}

/** The running handler works on this message: the failure became the outcome of its delivery. */
export interface FailedDelivery {
  readonly status: "delivery";
  readonly id: string;
}

/** The message was not stored, or that is unknown (`error.maybeStored`). */
export interface Dropped {
  readonly status: "dropped";
  readonly error: DlqClientError;
}

/** The result of a send. Later versions may add a status that means that the message is safe. */
export type SendResult = Stored | Spooled | FailedDelivery | Dropped;

/** Gets each message that the service accepted, and the source id that it was sent with. */
export type OnStored = (stored: Stored, sourceId: string) => void;

export function isStored(result: SendResult): result is Stored {
  return result.status === "sent" || result.status === "joined";
}

/**
 * Reports whether the caller need not keep the message. A message in the memory of this process is not
 * safe.
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
