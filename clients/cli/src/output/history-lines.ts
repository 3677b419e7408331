import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { FailureRecord, StoredMessage } from "../../../../gen/dlq/v1/stored_message_pb.ts";
import { reasonName } from "../values/enum-names.ts";
import { escaped, escapedLines } from "./escape.ts";
import { failureText } from "./failure.ts";
import { countText } from "./numbers.ts";
import type { Style } from "./style.ts";
import { durationText, type Times } from "./times.ts";

/** Returns every recorded failure, oldest first, with the wait before it. */
export function attemptLines(
  stored: StoredMessage,
  times: Times,
  style: Style,
  withStack: boolean,
): string[] {
  const { failures, message } = stored;
  const forgotten = (message?.failureCount ?? 0) - failures.length;
  const lines = failures.flatMap((record, at) => {
    const previous = failures[at - 1];
    return [
      ...(at === 1 && forgotten > 0
        ? [style.faint(`… ${countText(forgotten)} failures are not kept`)]
        : []),
      `${times.distance(record.time) || "at an unknown time"}  ${style.strong(kindOf(record))}${wayOf(record, previous)}`,
      `  ${style.warning(reasonName(record.failure?.reason ?? 0))} ${escaped(failureText(record.failure))}`.trimEnd(),
      ...(record.decision === "" ? [] : [style.faint(`  decided: ${escaped(record.decision)}`)]),
      ...(withStack ? stackLines(record, style) : []),
    ];
  });
  return lines;
}

function kindOf({ imported, deliveryNumber, startTime }: FailureRecord): string {
  if (imported) return "imported failure";
  if (deliveryNumber > 0) return `delivery ${deliveryNumber}`;
  return startTime === undefined ? "sent" : "attempt";
}

/** Returns after which wait it began, how long it took, and who made it. */
function wayOf(record: FailureRecord, previous: FailureRecord | undefined): string {
  const { startTime, time, workerId, server } = record;
  const parts: string[] = [];
  if (startTime !== undefined && previous?.time !== undefined) {
    parts.push(`after a wait of ${span(previous.time, startTime)}`);
  }
  if (startTime !== undefined && time !== undefined) parts.push(`took ${span(startTime, time)}`);
  if (workerId !== "") parts.push(`worker ${escaped(workerId)}`);
  if (server !== "") parts.push(`server ${escaped(server)}`);
  return parts.length === 0 ? "" : `  ${parts.join(", ")}`;
}

type Time = NonNullable<FailureRecord["time"]>;

const span = (from: Time, to: Time) =>
  durationText(Math.max(0, timestampMs(to) - timestampMs(from)));

function stackLines({ failure }: FailureRecord, style: Style): string[] {
  const trace = failure?.stackTrace ?? "";
  if (trace === "") return [];
  return escapedLines(trace)
    .trimEnd()
    .split("\n")
    .map((line) => style.faint(`    ${line}`));
}
