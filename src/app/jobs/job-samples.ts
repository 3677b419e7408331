import { type BatchJobSample, newSample, showEdits } from "../../codec/batch-job.ts";
import { decodeContent, decodeEdits } from "../../codec/message.ts";
import { DamagedMessage, readStored } from "../../core/damaged-message.ts";
import { formatMessageId } from "../../core/message-id.ts";
import type { MessageDetails } from "../../store/contract.ts";
import { previewOf } from "../edits/edited-retry.ts";
import { type EditContext, planEdits, type SourcedTransform } from "../edits/plan-edits.ts";
import type { ContentView } from "../messages/content-view.ts";

/** Messages that are shown, and the bytes of one with its edits. */
export const SAMPLES = 5;
const SAMPLE_BYTES = 4_096;
const FAILURE_CHARS = 200;

/** Shows a message, and what the edits of the job make of it. Undefined: it cannot be read. */
export async function sampleOf(
  { queue, id, details, view }: SampledMessage,
  transforms: readonly SourcedTransform[],
  context: EditContext,
): Promise<BatchJobSample | undefined> {
  const { redaction } = view;
  await view.prepare().catch(() => {});
  const failure = readStored(() => failureText(details, view));
  if (failure instanceof DamagedMessage) return undefined;
  const sample = newSample({ queue, id: formatMessageId(id), failure });
  const { envelope, edits } = details;
  const bytes = envelope.length + (edits?.length ?? 0);
  if (transforms.length === 0 || bytes > SAMPLE_BYTES) return sample;
  const plan = planEdits({ envelope, edits }, transforms, context);
  if (plan.kind === "refuse") sample.refusal = plan.detail.slice(0, FAILURE_CHARS);
  if (plan.kind !== "edit" || plan.write.edits.length > SAMPLE_BYTES) return sample;
  const { before, after, write } = plan;
  const preview = await previewOf({ id, before, after, envelope, edits: write.edits }, redaction);
  showEdits(sample, preview);
  return sample;
}

export interface SampledMessage {
  queue: string;
  id: Uint8Array;
  details: MessageDetails;
  view: ContentView;
}

/** Returns `HTTPError: 401`; either may be empty. */
export function failureTitle(type: string, message: string): string {
  return [type, message].filter((text) => text !== "").join(": ");
}

function failureText({ envelope, edits, laterFailures }: MessageDetails, view: ContentView) {
  const { failure } = decodeContent(envelope, decodeEdits(edits), laterFailures.at(-1)?.failure);
  const { message } = view.redacted?.failure({ ...failure, stackTrace: "" }) ?? failure;
  const [line = ""] = failureTitle(failure.type, message).split("\n");
  return line.slice(0, FAILURE_CHARS);
}
