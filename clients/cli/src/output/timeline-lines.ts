import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type MessageEvent, MessageEventKind } from "../../../../gen/dlq/v1/stored_message_pb.ts";
import { quarantineReasonName } from "../values/enum-names.ts";
import { escaped } from "./escape.ts";
import { durationText, type Times } from "./times.ts";

/** Returns what an event is called, such as `retried` or `lost by worker billing-1`. */
export function eventTitle({ kind, workerId, queue }: MessageEvent): string {
  const worker = workerId === "" ? "its worker" : `worker ${escaped(workerId)}`;
  switch (kind) {
    case MessageEventKind.RETRIED:
      return "retried by hand";
    case MessageEventKind.LEASE_LOST:
      return `lost by ${worker}`;
    case MessageEventKind.LEASE_BROKEN:
      return `taken from ${worker}`;
    case MessageEventKind.MOVED:
      return `moved here from ${escaped(queue)}`;
    case MessageEventKind.MOVE_REFUSED:
      return `refused by ${escaped(queue)}`;
    case MessageEventKind.QUARANTINED:
      return `quarantined by ${worker}`;
    case MessageEventKind.UNDELETED:
      return "brought back by hand";
    default:
      return `event ${kind}`;
  }
}

/** Returns the rest of an event on one line; empty if there is none. */
export function eventFacts(event: MessageEvent, times: Times): string {
  const { kind, caller, server, deliveryNumber, startTime, quarantineReason, note } = event;
  const isRetry = kind === MessageEventKind.RETRIED;
  const reason = quarantineReasonName(quarantineReason);
  const quarantine = isRetry ? `left quarantine${stayText(event)}` : "quarantined";
  const isUndelete = kind === MessageEventKind.UNDELETED;
  const since = isRetry || isUndelete ? "" : times.distance(startTime);
  return [
    caller === "" ? "" : `by ${escaped(caller)}`,
    reason === "" ? "" : `${quarantine}: ${reason}`,
    isUndelete ? `deleted ${times.distance(startTime)}` : "",
    deliveryNumber === 0 || since === "" ? "" : `delivery ${deliveryNumber}, begun ${since}`,
    server === "" ? "" : `server ${escaped(server)}`,
    note === "" ? "" : `note: ${escaped(note)}`,
  ]
    .filter((part) => part !== "")
    .join(", ");
}

/** For how long a message was in the quarantine that it left. */
function stayText({ startTime, time }: MessageEvent): string {
  if (startTime === undefined || time === undefined) return "";
  return ` after ${durationText(Math.max(0, timestampMs(time) - timestampMs(startTime)))}`;
}
