import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { FailureRecord, MessageEvent } from "../../../gen/dlq/v1/stored_message_pb.ts";
import type { StoredEvent, StoredFailure } from "../../app/messages/message-admin.ts";
import { reasonOf } from "../../core/categorize.ts";
import { quarantineReasonFromNumber } from "../../core/reason.ts";
import { readFailure } from "./failure.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { EXEMPT } from "./stored-message.ts";
import { readTimestampMs } from "./time.ts";
import { EVENT_KINDS } from "./timeline-event.ts";
import { checkText, type Violations } from "./violations.ts";

/** Failures after the first one, and events, that a message keeps. */
const KEPT = 16;

export function readLaterFailures(v: Violations, later: readonly FailureRecord[]): StoredFailure[] {
  checkKept(v, "stored.failures", later.length, " after the first one");
  let bytes = 0;
  const failures = later.map((record) => {
    const read = readLater(v, record);
    bytes += read.failure.length;
    return read;
  });
  const most = WIRE_LIMITS.importedHistory.failureBytes + WIRE_LIMITS.largestFailureBytes;
  if (bytes > most) v.add("stored.failures", `have ${bytes} bytes; at most ${most} are allowed`);
  return failures;
}

function readLater(v: Violations, record: FailureRecord): StoredFailure {
  const read = readFailure(record.failure);
  const failure = read.encode(reasonOf(read));
  const { time, startTime, deliveryNumber, workerId, server, decision } = record;
  checkNames(v, "stored.failures", workerId, server);
  const endedAtMs = readTime(v, "stored.failures", time);
  if (endedAtMs === undefined) return { failure, attempt: undefined };
  const exempt = decision === EXEMPT;
  return {
    failure,
    attempt: {
      startedAtMs: readTime(v, "stored.failures", startTime),
      ...{ endedAtMs, exempt, decision: exempt ? "" : decision },
      delivery: deliveryNumber === 0 ? undefined : deliveryNumber,
      workerId: workerId === "" ? undefined : workerId,
      server: server === "" ? undefined : server,
    },
  };
}

export function readTimeline(v: Violations, events: readonly MessageEvent[]): StoredEvent[] {
  checkKept(v, "stored.events", events.length, "");
  return events.flatMap((event) => {
    const kind = EVENT_KINDS.get(event.kind);
    if (kind === undefined) {
      v.add("stored.events", `has the kind ${event.kind}, which is unknown to this server`);
      return [];
    }
    const { workerId, server, caller, queue, note } = event;
    checkNames(v, "stored.events", workerId, server);
    checkText(v, "stored.events", note, WIRE_LIMITS.noteBytes);
    return [
      {
        kind,
        atMs: readTime(v, "stored.events", event.time) ?? 0,
        startedAtMs: readTime(v, "stored.events", event.startTime),
        delivery: event.deliveryNumber,
        quarantineReason: quarantineReasonFromNumber(event.quarantineReason),
        workerId: workerId === "" ? undefined : workerId,
        server: server === "" ? undefined : server,
        caller: caller === "" ? undefined : caller,
        queue: queue === "" ? undefined : queue,
        note,
      },
    ];
  });
}

function checkKept(v: Violations, field: string, count: number, which: string): void {
  if (count > KEPT) v.add(field, `has ${count} entries${which}; at most ${KEPT} are allowed`);
}

function checkNames(v: Violations, field: string, workerId: string, server: string): void {
  checkText(v, field, workerId, WIRE_LIMITS.workerIdBytes);
  checkText(v, field, server, WIRE_LIMITS.identityBytes);
  if (server.includes("\n")) v.add(field, "has a server whose name has a line break");
}

function readTime(v: Violations, field: string, time: Timestamp | undefined): number | undefined {
  if (time === undefined) return undefined;
  const atMs = readTimestampMs(v, field, time, Number.POSITIVE_INFINITY, "");
  if (atMs !== undefined && atMs < 0) v.add(field, "has a time before 1970");
  return atMs === undefined ? undefined : timestampMs(time);
}
