import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Canary, CanaryFailure, CanarySlice } from "../../../../gen/dlq/v1/batch_job_pb.ts";
import { escaped } from "./escape.ts";
import { countText } from "./numbers.ts";
import { durationText, instant, type Times } from "./times.ts";

/**
 * Returns how a slice of a canary stands: `canary 10 %: 108 of 120 succeeded, 8 failed, 4 open, waits until TIME`.
 *
 * @param times for text that is read at once. Absent: the time is an instant, which stays true.
 */
export function sliceText(slice: CanarySlice, times?: Times): string {
  const { percent, messageCount, succeededCount, failedCount, withoutOutcomeCount } = slice;
  const { beginTime, endTime, deadlineTime } = slice;
  const some = (count: bigint, what: string) =>
    count === 0n ? "" : `, ${countText(count)} ${what}`;
  const time =
    beginTime === undefined || endTime === undefined
      ? ""
      : ` in ${durationText(Math.max(0, timestampMs(endTime) - timestampMs(beginTime)))}`;
  const succeeded = `${countText(succeededCount)} of ${countText(messageCount)} succeeded`;
  const open = messageCount - succeededCount - failedCount - withoutOutcomeCount;
  const isOver = endTime !== undefined;
  const without = withoutOutcomeCount + (isOver ? open : 0n);
  const others = `${some(failedCount, "failed")}${some(without, "without an outcome")}`;
  if (isOver || open <= 0n) return `canary ${percent} %: ${succeeded}${others}${time}`;
  const until =
    deadlineTime === undefined
      ? ""
      : `, waits until ${times?.both(deadlineTime) ?? instant(deadlineTime)}`;
  return `canary ${percent} %: ${succeeded}${others}${some(open, "open")}${until}`;
}

/** Returns how a slice stands, behind `before`, and its failures. */
export function sliceLines(slice: CanarySlice, before = "", times?: Times): string[] {
  return [
    before + sliceText(slice, times),
    ...slice.failures.map((failure) => `  ${failureText(failure)}`),
  ];
}

/** Returns `1 %, 10 %; at least 95 % must succeed; within 10m each`. */
export function canaryText({ percents, minSuccessRatio, deadline }: Canary): string {
  const sizes = percents.map((percent) => `${percent} %`).join(", ");
  const least = Number((minSuccessRatio * 100).toFixed(4));
  const each = deadline === undefined ? "" : `; within ${durationText(durationMs(deadline))} each`;
  return `${sizes}; at least ${least} % must succeed${each}`;
}

function failureText({ count, title, groupId, isNew }: CanaryFailure): string {
  const group = groupId === "" ? "" : ` (${isNew ? "new group" : "group"} ${groupId})`;
  return `${countText(count)} failed: ${title === "" ? "unknown" : escaped(title)}${group}`;
}
