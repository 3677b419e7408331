import type { BatchJob, BatchJobSpec } from "../../../../gen/dlq/v1/batch_job_pb.ts";
import { canaryText, sliceLines } from "./canary-lines.ts";
import { escaped } from "./escape.ts";
import { doneText, jobStateName, refusalText, sampleLines } from "./job-lines.ts";
import { countedText, countText, rateText } from "./numbers.ts";
import type { Style } from "./style.ts";
import { type Fact, factLines } from "./table.ts";
import type { Times } from "./times.ts";

/** Returns all that is known of a job, in blocks. @param width of the terminal; undefined: nothing is cut */
export function jobLines(
  job: BatchJob,
  times: Times,
  style: Style,
  width: number | undefined,
): string[] {
  const { counts, samples } = job;
  const block = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ["", style.heading(title), ...lines];
  return [
    `${style.strong(job.id)}  ${escaped(actionText(job.spec))}`,
    ...factLines([...standFacts(job, times), ...specFacts(job.spec)], style, width),
    ...block("COUNTS", factLines(countFacts(job), style, width, "  ")),
    ...block(
      "CANARY",
      job.slices
        // The end of a job, as by a cancel, ends its slice.
        .map((slice) => ({ ...slice, endTime: slice.endTime ?? job.endTime }))
        .flatMap((slice) => sliceLines(slice, "", times))
        .map((line) => `  ${line}`),
    ),
    ...block(
      "NOT DONE",
      [
        ...(counts?.notSelected ?? []).map((one) => refusalText(one, "cannot be selected")),
        ...(counts?.refused ?? []).map((one) => refusalText(one, "refused")),
      ].map((line) => `  ${line}`),
    ),
    ...block(
      "SAMPLES",
      samples.flatMap((sample) => sampleLines(sample, width)),
    ),
  ];
}

/** Returns `move to archive, dry run`. Unescaped. */
export function actionText(spec: BatchJobSpec | undefined): string {
  if (spec === undefined) return "";
  const { action, dryRun } = spec;
  const name = actionName(action);
  return dryRun ? `${name}, dry run` : name;
}

function actionName(action: BatchJobSpec["action"]): string {
  if (action.case === "move") return `move to ${action.value.queue}`;
  if (action.case === "purge" && action.value.now) return "purge now";
  return action.case ?? "unknown";
}

function standFacts(job: BatchJob, times: Times): Fact[] {
  const { state, caller, createTime, endTime, updateTime, queue, problem } = job;
  return [
    ["state", jobStateName(state)],
    ["problem", escaped(problem)],
    ["who", escaped(caller)],
    ["changed by", escaped(job.stateCaller)],
    ["reason", escaped(job.spec?.reason ?? "")],
    ["created", times.both(createTime)],
    ["changed", endTime === undefined ? times.both(updateTime) : ""],
    ["ended", times.both(endTime)],
    ["now in", escaped(queue)],
  ];
}

function specFacts(spec: BatchJobSpec | undefined): Fact[] {
  if (spec === undefined) return [];
  const { queue, filter, groupId, ids, expectedCount, maxRate, action } = spec;
  const transforms =
    action.case === "retry" || action.case === "edit" ? action.value.transforms : [];
  const canary = action.case === "retry" ? action.value.canary : undefined;
  const expected =
    expectedCount === undefined
      ? ""
      : [...new Set([expectedCount.min, expectedCount.max])].map(countText).join(" to ");
  return [
    ["queue", escaped(queue)],
    ["filter", escaped(filter)],
    ["group", groupId],
    ["ids", ids.length === 0 ? "" : countedText(ids.length, "id")],
    ["expected", expected],
    ["rate", maxRate === 0 ? "" : `at most ${rateText(maxRate)}/s`],
    ["canary", canary === undefined ? "" : canaryText(canary)],
    ["resolves", action.case === "retry" && action.value.resolveGroup ? "its group" : ""],
    ["patches", transforms.map(({ patch }) => escaped(patch.value ?? "")).join("\n")],
  ];
}

function countFacts(job: BatchJob): Fact[] {
  const { counts, spec } = job;
  if (counts === undefined) return [];
  const some = (count: bigint) => (count === 0n ? "" : countText(count));
  return [
    ["examined", some(counts.examinedCount)],
    ["selected", countText(counts.selectedCount)],
    ["outcome unknown", some(counts.outcomeUnknownCount)],
    ["done", spec?.dryRun === true ? "" : doneText(job)],
    ["gone or changed", some(counts.changedCount)],
    ["not kept", some(counts.notKeptCount)],
    ["redacted", some(counts.redactedCount)],
    ["damaged", some(counts.damagedCount)],
  ];
}
