import {
  type BatchJob,
  type BatchJobRefusal,
  type BatchJobSample,
  BatchJobState,
  BatchJobStateSchema,
} from "../../../../gen/dlq/v1/batch_job_pb.ts";
import type { MessageContent } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { shortName } from "../values/enum-names.ts";
import { actionWords } from "./action-words.ts";
import { escaped } from "./escape.ts";
import { bytesText, countedText, countText } from "./numbers.ts";
import { redactedNote } from "./redacted.ts";
import { cutTo } from "./width.ts";

export const jobStateName = (state: BatchJobState): string => shortName(BatchJobStateSchema, state);

/** Returns `12 of 1,204`; for a dry run only how many it has found. */
export function doneText({ spec, counts, state }: BatchJob): string {
  const selected = countText(counts?.selectedCount ?? 0n);
  if (spec?.dryRun === true || state === BatchJobState.COUNTING) return `- of ${selected}`;
  return `${countText(counts?.doneCount ?? 0n)} of ${selected}`;
}

/** Returns what came of a job that has ended. */
export function resultLines(job: BatchJob): string[] {
  const { id, spec, state, counts, problem } = job;
  const { done } = actionWords(spec?.action);
  const selected = counts?.selectedCount ?? 0n;
  const doneCount = counts?.doneCount ?? 0n;
  const named = `${id} ${jobStateName(state)}`;
  const isDryRun = spec?.dryRun === true;
  const text = isDryRun
    ? `${countedText(selected, "message")} can be ${done}; nothing was changed`
    : `${countText(doneCount)} of ${countedText(selected, "message")} ${done}`;
  const changed = counts?.changedCount ?? 0n;
  const isOne = changed === 1n;
  const gone = `${countText(changed)} ${isOne ? "was" : "were"} gone or had changed before`;
  return [
    problem === "" ? `${named}: ${text}.` : `${named}: ${escaped(problem)}`,
    ...(problem !== "" && doneCount > 0n ? [`  ${text}; this stays.`] : []),
    ...(state === BatchJobState.STOPPED
      ? [`  ${countedText(selected - doneCount, "message")} not touched.`]
      : []),
    ...(counts?.refused ?? []).map((one) => `  ${refusalText(one, "refused")}`),
    ...(changed > 0n ? [`  ${gone}.`] : []),
    ...(state === BatchJobState.STOPPED ? newGroupLines(job) : []),
  ];
}

/** Digits of an id in a command. */
const GROUP_DIGITS = 8;

/** Returns the command that shows why most messages of a canary failed in a new way. */
function newGroupLines({ slices }: BatchJob): string[] {
  const [largest] = slices
    .flatMap(({ failures }) => failures)
    .filter(({ isNew, groupId }) => isNew && groupId !== "")
    .toSorted((a, b) => Number(b.count - a.count));
  if (largest === undefined) return [];
  const id = largest.groupId.slice(0, GROUP_DIGITS);
  return [`  \`dlq group ${id}\` shows the largest new group.`];
}

/** Returns what a job would act on and what not, from its dry run. Stored texts are cut to the width. */
export function previewLines(job: BatchJob, width: number | undefined): string[] {
  const { counts, samples } = job;
  const rest = (counts?.selectedCount ?? 0n) - BigInt(samples.length);
  const damaged = counts?.damagedCount ?? 0n;
  return [
    ...samples.flatMap((sample) => sampleLines(sample, width)),
    ...(rest > 0n && samples.length > 0 ? [`  and ${countText(rest)} more`] : []),
    ...(counts?.notSelected ?? []).map((one) => refusalText(one, "cannot be selected")),
    damaged === 0n ? "" : `${countedText(damaged, "message")} left out: the content is damaged`,
    redactedNote(counts?.redactedCount ?? 0n, job.spec?.filter !== ""),
  ].filter((line) => line !== "");
}

/** Returns `2 cannot be selected: a worker holds it (such as ID in QUEUE)`. */
export function refusalText({ count, why, id, queue }: BatchJobRefusal, verb: string): string {
  return `${countText(count)} ${verb}: ${escaped(why)} (such as ${id} in ${escaped(queue)})`;
}

/** Returns a sample: its id, queue and failure, and its content before and after edits. */
export function sampleLines(sample: BatchJobSample, width = Infinity): string[] {
  const { id, queue, failure, before, after, refusal } = sample;
  const texts = [`  ${id}  ${escaped(queue)}  ${escaped(failure)}`.trimEnd()];
  if (before !== undefined && after !== undefined) {
    const [was, is] = [contentText(before), contentText(after)];
    if (was.payload !== is.payload)
      texts.push(`    before  ${was.payload}`, `    after   ${is.payload}`);
    if (was.attributes !== is.attributes)
      texts.push(`    before  ${was.attributes}`, `    after   ${is.attributes}`);
    if (texts.length === 1) texts.push("    does not change");
  }
  if (refusal !== "") texts.push(`    refused  ${escaped(refusal)}`);
  return texts.map((text) => cutTo(text, width));
}

function contentText({ payload, attributes }: MessageContent) {
  const body = payload?.body;
  const bytes = body?.case === "data" ? `${bytesText(body.value.length)} of bytes` : "(empty)";
  const sorted = Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    payload: body?.case === "text" ? escaped(body.value) : bytes,
    attributes: `attributes ${escaped(JSON.stringify(Object.fromEntries(sorted)))}`,
  };
}
