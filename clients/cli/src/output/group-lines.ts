import { durationMs } from "@bufbuild/protobuf/wkt";
import { type Group, GroupStateSchema } from "../../../../gen/dlq/v1/group_pb.ts";
import { shortName } from "../values/enum-names.ts";
import { escaped } from "./escape.ts";
import { shortType } from "./failure.ts";
import { countedText, countText } from "./numbers.ts";
import { sparkline } from "./sparkline.ts";
import type { Style } from "./style.ts";
import { type Fact, factLines } from "./table.ts";
import { durationText, type Times } from "./times.ts";
import { wrapped } from "./wrap.ts";

export const groupStateName = (value: number): string => shortName(GroupStateSchema, value);

/** Returns its state, and when an archived one opens again, or why it has: `ARCHIVED until …`, `OPEN again by itself: …`. */
export function groupStateText(group: Group, times: Times): string {
  const name = groupStateName(group.state);
  const { archivedUntilTime, archivedUntilCount, archivedFailureCount } = group;
  const ends = [
    archivedUntilTime === undefined ? "" : times.both(archivedUntilTime),
    archivedUntilCount === 0
      ? ""
      : `${countedText(archivedUntilCount, "failure")}, ${countText(archivedFailureCount)} so far`,
  ].filter((end) => end !== "");
  if (ends.length === 0) return name;
  const end = `until ${ends.join(" or ")}`;
  return group.reopened ? `${name} again by itself: it was archived ${end}` : `${name} ${end}`;
}

/** Returns what its failures have in common on one line. Unescaped. */
export function groupFailure({ fingerprint, failureType, failureMessage }: Group): string {
  if (fingerprint !== "") return fingerprint;
  return [shortType(failureType), failureMessage].filter((text) => text !== "").join(": ");
}

/** Returns all that is known of a group, without its latest message. */
export function groupLines(
  group: Group,
  times: Times,
  style: Style,
  width: number | undefined,
): string[] {
  const indent = " ".repeat(group.id.length + 2);
  const [first = "", ...rest] = wrapped(escaped(groupFailure(group)), width, indent.length);
  return [
    `${style.strong(group.id)}  ${first}`,
    ...rest.map((line) => `${indent}${line}`),
    ...factLines(factsOf(group, times), style, width),
  ];
}

function factsOf(group: Group, times: Times): Fact[] {
  const { trend, trendInterval, queues, queueCount, stateTime, stateCaller } = group;
  const by = stateCaller === "" ? "" : ` by ${escaped(stateCaller)}`;
  const since = stateTime === undefined ? "" : `, set ${times.distance(stateTime)}${by}`;
  const step = trendInterval === undefined ? "" : durationText(durationMs(trendInterval));
  const more = queueCount > queues.length ? `\nand ${queueCount - queues.length} more` : "";
  return [
    ["state", `${groupStateText(group, times)}${since}`],
    ["failed again", times.both(group.regressedTime)],
    ["note", escaped(group.note)],
    ["link", escaped(group.link)],
    ["why a group", escaped(group.why)],
    ["messages", countText(group.storedCount)],
    [
      "failures",
      `${countText(group.failureCount)} since ${times.both(group.firstFailureTime)}; the last one ${times.distance(group.lastFailureTime)}`,
    ],
    [
      "trend",
      `${sparkline(trend)}  ${countText(group.recentFailureCount)} in ${trend.length} x ${step}`,
    ],
    ["frame", escaped(group.frame)],
    [
      "queues",
      `${queues.map(({ queue, storedCount }) => `${escaped(queue)} ${countText(storedCount)}`).join("\n")}${more}`,
    ],
  ];
}
