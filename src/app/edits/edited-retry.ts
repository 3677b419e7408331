import { aborted, invalidField } from "../../core/errors.ts";
import type { MessageContent, RefusedRetry, RetryOutcome } from "../../core/message.ts";
import { formatMessageId } from "../../core/message-id.ts";
import type { Redaction } from "../../core/redaction/redaction.ts";
import { EDIT_LIMITS } from "../../core/transform/editable.ts";
import type { Transform } from "../../core/transform/transform.ts";
import type { Messages, RetryItem, StoredContent } from "../../store/contract.ts";
import type { Caller, RetryPreview } from "../commands.ts";
import { ContentView } from "../messages/content-view.ts";
import { nextTurn } from "../timers.ts";
import {
  contentBytes,
  EditBudget,
  type EditContext,
  type EditContextParts,
  editContext,
  planEdits,
  type SourcedTransform,
} from "./plan-edits.ts";
import { EarlierAnswer, storedContents } from "./stored-contents.ts";

export interface EditedRetryParts extends EditContextParts {
  messages: Messages;
}

/** Messages to retry, and their transforms. */
export interface EditedRetry {
  queue: string;
  request: Uint8Array;
  ids: readonly Uint8Array[];
  transforms: readonly Transform[];
  signal?: AbortSignal | undefined;
  caller?: Caller;
  /** What previews hide; undefined: nothing. */
  redaction?: Redaction | undefined;
}

/** Names who edits, for the record of the edit. */
function sourceOf(caller: Caller): string {
  return caller === undefined ? "Retry" : `Retry by ${caller}`;
}

const PREVIEWS = 10;
const PREVIEW_BYTES = 3 * 1024 * 1024;
/** Attempts for messages that change between reading and writing. */
const TRIES = 5;

/** What to do with each message, based on its present content. */
interface Decided {
  /** In the order of the ids. A repeated id is edited once. */
  items: RetryItem[];
  missing: Set<number>;
  previews: EditedContent[];
}

/** What an edit makes of a message. */
export interface EditedContent extends Pick<RetryPreview, "id" | "before" | "after"> {
  envelope: Uint8Array;
  /** The record of its edits with the new ones. */
  edits: Uint8Array;
}

/** Edits and retries the messages in one step of the store: all or none. */
export async function retryEdited(
  parts: EditedRetryParts,
  retry: EditedRetry,
): Promise<RetryOutcome> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const decided = await decide(parts, retry);
    if (decided instanceof EarlierAnswer) return decided.outcome;
    const { queue, request, caller } = retry;
    const outcome = await parts.messages.retry(queue, request, decided.items, caller);
    if (outcome !== "moved") return outcome;
  }
  throw aborted(200, `messages of queue ${retry.queue}`);
}

/** Decides what to do with messages that a filter found. */
export async function prepareEdits(
  parts: EditedRetryParts,
  retry: EditedRetry,
): Promise<readonly RetryItem[]> {
  const decided = await decide(parts, { ...retry, request: NO_REQUEST });
  return decided instanceof EarlierAnswer ? [] : decided.items;
}

const NO_REQUEST = new Uint8Array();

/** Returns what a retry would do now. */
export async function tryRetry(
  parts: EditedRetryParts,
  retry: EditedRetry,
): Promise<RetryOutcome & { previews: readonly RetryPreview[] }> {
  const decided = await decide(parts, { ...retry, request: NO_REQUEST });
  if (decided instanceof EarlierAnswer) return { ...decided.outcome, previews: [] };
  const { items, missing, previews } = decided;
  const refused = items.flatMap((item, index): RefusedRetry[] => {
    if (missing.has(index)) return [{ index, refusal: "NOT_FOUND" }];
    if (item.kind === "busy") return [{ index, refusal: "IN_FLIGHT", id: item.id }];
    if (item.kind !== "refuse") return [];
    return [{ index, refusal: "TRANSFORM_FAILED", id: item.id, detail: item.detail }];
  });
  const retriedCount = items.length - refused.length;
  return { retriedCount, refused, previews: await shownPreviews(previews, retry.redaction) };
}

/** Markers may make contents longer: previews that find no place any more are left out. */
async function shownPreviews(
  previews: readonly EditedContent[],
  redaction: Redaction | undefined,
): Promise<RetryPreview[]> {
  const found: RetryPreview[] = [];
  let room = PREVIEW_BYTES;
  for (const one of previews) {
    const preview = await previewOf(one, redaction);
    room -= contentBytes(preview.before) + contentBytes(preview.after);
    if (room < 0) break;
    found.push(preview);
  }
  return found;
}

/** Shows what an edit makes of a message, without what is hidden. */
export async function previewOf(
  { id, before, after, ...content }: EditedContent,
  redaction: Redaction | undefined,
): Promise<RetryPreview> {
  const view = new ContentView(redaction, content);
  await view.prepare();
  const { redacted } = view;
  if (redacted === undefined) return { id, before, after, redacted: [] };
  const shown = ({ payload, attributes }: MessageContent): MessageContent => ({
    payload: { ...payload, body: redacted.payload(payload.body) },
    attributes: redacted.attributes(attributes),
  });
  return { id, before: shown(before), after: shown(after), redacted: redacted.hidden };
}

async function decide(
  parts: EditedRetryParts,
  { queue, request, ids, transforms, signal, caller }: EditedRetry,
): Promise<Decided | EarlierAnswer> {
  const decider = new RetryDecider(parts, queue, transforms, sourceOf(caller));
  const distinct = [...new Map(ids.map((id) => [formatMessageId(id), id])).values()];
  for await (const one of storedContents(parts.messages, queue, request, distinct)) {
    signal?.throwIfAborted();
    if (one instanceof EarlierAnswer) return one;
    decider.add(one.id, one.stored);
    await nextTurn();
  }
  return decider.inOrderOf(ids);
}

/** Decides on messages one by one, within the budget of one call. */
class RetryDecider {
  readonly #sourced: readonly SourcedTransform[];
  readonly #context: EditContext;
  readonly #budget = new EditBudget();
  readonly #items = new Map<string, RetryItem>();
  readonly #missing = new Set<string>();
  readonly #previews: EditedContent[] = [];
  #previewRoom = PREVIEW_BYTES;

  constructor(
    parts: EditedRetryParts,
    queue: string,
    transforms: readonly Transform[],
    source: string,
  ) {
    this.#sourced = transforms.map((transform) => ({ transform, source }));
    this.#context = editContext(queue, parts);
  }

  add(id: Uint8Array, stored: StoredContent | undefined): void {
    const key = formatMessageId(id);
    if (stored === undefined) this.#missing.add(key);
    this.#items.set(key, this.#decideOn(id, stored));
  }

  inOrderOf(ids: readonly Uint8Array[]): Decided {
    const seen = new Set<string>();
    const missing = new Set<number>();
    const items = ids.map((id, index): RetryItem => {
      const key = formatMessageId(id);
      if (this.#missing.has(key)) missing.add(index);
      const item = this.#items.get(key) ?? { kind: "retry", id };
      const isAlreadyEdited = item.kind === "edit" && seen.has(key);
      seen.add(key);
      return isAlreadyEdited ? { kind: "retry", id } : item;
    });
    return { items, missing, previews: this.#previews };
  }

  #decideOn(id: Uint8Array, stored: StoredContent | undefined): RetryItem {
    // A missing id never appears later.
    if (stored === undefined) return { kind: "retry", id };
    if (stored.state === "IN_FLIGHT") return { kind: "busy", id };
    if (this.#sourced.length === 0) return { kind: "retry", id };
    const { version } = stored;
    if (!this.#budget.takeRead(stored.envelope.length + (stored.edits?.length ?? 0)))
      throw tooMuch();
    const plan = planEdits(stored, this.#sourced, this.#context);
    if (plan.kind === "unchanged") return { kind: "retry", id };
    if (plan.kind === "refuse") return { kind: "refuse", id, version, detail: plan.detail };
    const { before, after, write } = plan;
    if (!this.#budget.takeWrite(write.edits.length)) throw tooMuch();
    this.#addPreview({ id, before, after, envelope: stored.envelope, edits: write.edits });
    return { kind: "edit", id, version, write };
  }

  #addPreview(preview: EditedContent): void {
    const bytes = contentBytes(preview.before) + contentBytes(preview.after);
    if (this.#previews.length === PREVIEWS || bytes > this.#previewRoom) return;
    this.#previewRoom -= bytes;
    this.#previews.push(preview);
  }
}

function tooMuch() {
  return invalidField(
    "transforms",
    `the messages exceed ${EDIT_LIMITS.callBytes / 2 ** 20} MiB in total, before or after the edits; retry fewer at a time, by ids or with a smaller page_size`,
  );
}
