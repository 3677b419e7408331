import { createHash } from "node:crypto";
import {
  decodeEdits,
  decodeMessage,
  type EditDiff,
  type EditRecord,
  encodeEdits,
} from "../../codec/message.ts";
import { limiterKeyOf, valueIn } from "../../core/delivery-settings.ts";
import type { MessageContent, Payload } from "../../core/message.ts";
import type { QueueSettings } from "../../core/settings.ts";
import {
  EDIT_LIMITS,
  type EditableMessage,
  keepLatest,
  type TransformLimits,
  transformLimits,
} from "../../core/transform/editable.ts";
import { applyTransforms, type Edit, type Transform } from "../../core/transform/transform.ts";
import { cutUtf8, utf8Bytes } from "../../core/utf8.ts";
import type { MergedAction } from "../../rules/merge-actions.ts";
import type { EditWrite, StoredContent } from "../../store/contract.ts";
import { nextTurn } from "../timers.ts";

/** A transform and its source, as the record of the edit names it. */
export interface SourcedTransform {
  transform: Transform;
  source: string;
}

export type EditPlan =
  /** All transforms were applied before. */
  | { kind: "unchanged" }
  | { kind: "edit"; write: EditWrite; before: MessageContent; after: MessageContent }
  | { kind: "refuse"; detail: string };

export interface EditContext {
  atMs: number;
  limits: TransformLimits;
  /** Returns the limiter key for edited attributes. */
  limiterKeyOf(attribute: (name: string) => string | undefined): string;
}

/** The stored content that edits start from. */
export type StoredEdits = Pick<StoredContent, "envelope" | "edits">;

/**
 * Applies transforms to a stored message: all or none. Each transform applies once to a message.
 */
export function planEdits(
  stored: StoredEdits,
  transforms: readonly SourcedTransform[],
  context: EditContext,
): EditPlan {
  const record = decodeEdits(stored.edits);
  const fresh = freshOf(transforms, record?.applied ?? []);
  if (fresh.length === 0) return { kind: "unchanged" };
  if ((record?.applied.length ?? 0) + fresh.length > EDIT_LIMITS.applied) {
    return refuse(
      `the message already has ${EDIT_LIMITS.applied} transforms, the most that are allowed`,
    );
  }
  const before = decodeMessage(stored.envelope, record);
  const result = applyTransforms(
    fresh.map(({ transform }) => transform),
    editableOf(before),
    { limits: context.limits, atMs: context.atMs, source: "" },
  );
  if (!result.ok) {
    const { index, refusal } = result;
    return refuse(`transform ${fresh[index]?.index}: ${refusal.kind}: ${refusal.message}`);
  }
  const after = contentAfter(before, result.message);
  const next = recordOf(record, fresh, result.edits, after);
  const edits = encodeEdits(next);
  const write: EditWrite = {
    edits,
    payloadBytes: next.payload === undefined ? 0 : payloadBytes(next.payload),
    grown: edits.length - (stored.edits?.length ?? 0),
    ...(touches(fresh, "ATTRIBUTES") ? { limiterKey: limiterKeyAfter(after, context) } : {}),
  };
  return { kind: "edit", write, before, after };
}

interface Fresh extends SourcedTransform {
  /** Index in the given transforms. */
  index: number;
  hash: Uint8Array;
}

/** The transforms that were not yet applied to the message. */
function freshOf(transforms: readonly SourcedTransform[], applied: readonly Uint8Array[]): Fresh[] {
  const seen = new Set(applied.map(hexOf));
  return transforms.flatMap(({ transform, source }, index) => {
    const hash = hashOf(transform);
    if (seen.has(hexOf(hash))) return [];
    seen.add(hexOf(hash));
    return [{ transform, source, index, hash }];
  });
}

function hashOf({ target, kind, patch }: Transform): Uint8Array {
  return createHash("sha256").update(`${target}\n${kind}\n${patch}`).digest().subarray(0, 16);
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function refuse(why: string): EditPlan {
  return { kind: "refuse", detail: cutUtf8(why, EDIT_LIMITS.detailBytes) };
}

function editableOf({ payload, attributes }: MessageContent): EditableMessage {
  return { payload: payload.body ?? "", attributes };
}

function contentAfter(before: MessageContent, edited: EditableMessage): MessageContent {
  const { contentType } = before.payload;
  return { payload: { body: edited.payload, contentType }, attributes: edited.attributes };
}

/** The new record. A part that no transform changed is not stored again. */
function recordOf(
  before: EditRecord | undefined,
  fresh: readonly Fresh[],
  edits: readonly Edit[],
  after: MessageContent,
): EditRecord {
  const isPayloadEdited = before?.payload !== undefined || touches(fresh, "PAYLOAD");
  const areAttributesEdited = before?.attributes !== undefined || touches(fresh, "ATTRIBUTES");
  const added = fresh.map((one, index) => diffOf(one, edits[index] as Edit));
  return {
    payload: isPayloadEdited ? after.payload : undefined,
    attributes: areAttributesEdited ? after.attributes : undefined,
    applied: [...(before?.applied ?? []), ...fresh.map(({ hash }) => hash)],
    diffs: keepLatest([...(before?.diffs ?? []), ...added]),
    stored: before?.stored,
  };
}

function touches(fresh: readonly Fresh[], target: Transform["target"]): boolean {
  return fresh.some(({ transform }) => transform.target === target);
}

function limiterKeyAfter({ attributes }: MessageContent, { limiterKeyOf }: EditContext): string {
  return limiterKeyOf(valueIn(attributes));
}

function diffOf({ source, hash }: Fresh, { atMs, target, patch, undo }: Edit): EditDiff {
  return { source, hash, atMs, target, patch, inverse: undo ?? "" };
}

export function payloadBytes({ body }: Payload): number {
  return typeof body === "string" ? utf8Bytes(body) : (body?.length ?? 0);
}

/** The approximate size on the wire, in bytes. */
export function contentBytes({ payload, attributes }: MessageContent): number {
  let bytes = payloadBytes(payload);
  for (const [key, value] of Object.entries(attributes)) bytes += utf8Bytes(key) + utf8Bytes(value);
  return bytes;
}

/** Who asks for an edit: a routing rule or a queue. */
export type EditSource = { rule: string } | { queue: string };

/** Transforms of one source: all are applied, or none. Other groups do not depend on them. */
export interface EditGroup {
  source: EditSource;
  transforms: readonly Transform[];
}

export interface GroupsPlan {
  /** Absent if nothing changes. */
  write?: EditWrite;
  after?: MessageContent;
  refused: { source: EditSource; detail: string }[];
}

/** The edits of rules, one group for each rule. */
export function groupsOfRules(edits: MergedAction["edits"]): EditGroup[] {
  return edits.map(({ rule, transforms }) => ({ source: { rule }, transforms }));
}

/** The name in the record of an edit. */
export function nameOf(source: EditSource): string {
  return "rule" in source ? `rule ${source.rule}` : `queue ${source.queue}`;
}

/** An edit of a larger message takes milliseconds. */
const LARGE_BYTES = 64 * 1024;

/**
 * Applies groups of transforms to a stored message, one after another. Other work runs between
 * them: a hundred rules may each edit a large message.
 */
export async function planGroups(
  stored: StoredEdits,
  groups: readonly EditGroup[],
  context: EditContext,
  budget: EditBudget,
): Promise<GroupsPlan> {
  const plan: GroupsPlan = { refused: [] };
  let edits = stored.edits;
  for (const [index, { source, transforms }] of groups.entries()) {
    // Several calls may arrive at once; small messages need not wait.
    if (index > 0 || stored.envelope.length > LARGE_BYTES) await nextTurn();
    const name = nameOf(source);
    const sourced = transforms.map((transform) => ({ transform, source: name }));
    const next = withinBudget({ ...stored, edits }, budget, (current) =>
      planEdits(current, sourced, context),
    );
    if (next.kind === "refuse") plan.refused.push({ source, detail: next.detail });
    if (next.kind !== "edit") continue;
    edits = next.write.edits;
    plan.after = next.after;
    const limiterKey = next.write.limiterKey ?? plan.write?.limiterKey;
    plan.write = {
      ...next.write,
      grown: (plan.write?.grown ?? 0) + next.write.grown,
      ...(limiterKey === undefined ? {} : { limiterKey }),
    };
  }
  return plan;
}

function withinBudget(
  stored: StoredEdits,
  budget: EditBudget,
  plan: (stored: StoredEdits) => EditPlan,
): EditPlan {
  if (!budget.takeRead(stored.envelope.length + (stored.edits?.length ?? 0))) return tooMuch();
  const planned = plan(stored);
  return planned.kind !== "edit" || budget.takeWrite(planned.write.edits.length)
    ? planned
    : tooMuch();
}

/** The refusal of messages beyond the budget. */
export const TOO_MUCH =
  "the messages of one call exceed 16 MiB in total, before or after the edits; edit fewer in one call";

function tooMuch(): EditPlan {
  return { kind: "refuse", detail: TOO_MUCH };
}

export interface EditContextParts {
  settingsOf(queue: string): Pick<QueueSettings, "keyAttribute">;
  /** The wall clock. */
  now(): number;
  /** Largest payload of a message, in bytes. */
  payloadMaxBytes?: number | undefined;
}

/** The limits and settings for edits in a queue. */
export function editContext(queue: string, parts: EditContextParts): EditContext {
  const settings = parts.settingsOf(queue);
  return {
    limits: transformLimits(parts.payloadMaxBytes),
    atMs: parts.now(),
    limiterKeyOf: (attribute) => limiterKeyOf(attribute, settings),
  };
}

/** How many bytes one call may edit. Reading and writing have the same limit. */
export class EditBudget {
  #toRead: number = EDIT_LIMITS.callBytes;
  #toWrite: number = EDIT_LIMITS.callBytes;

  /** Takes bytes from the budget. False: the call exceeds it. */
  takeRead(bytes: number): boolean {
    this.#toRead -= bytes;
    return this.#toRead >= 0;
  }

  /** Whether the read budget is used up. */
  get isReadUsedUp(): boolean {
    return this.#toRead < 0;
  }

  /** As `takeRead`. */
  takeWrite(bytes: number): boolean {
    this.#toWrite -= bytes;
    return this.#toWrite >= 0;
  }
}
