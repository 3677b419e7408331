import type { Transform } from "../../core/transform/transform.ts";
import type { MergedAction } from "../../rules/merge-actions.ts";
import type { EditWrite } from "../../store/contract.ts";
import type { MessageContent } from "../commands.ts";
import type { EditBudget } from "./edit-budget.ts";
import { type EditContext, type EditPlan, planEdits, type StoredEdits } from "./plan-edits.ts";

/** On whose word a message is edited. */
export type EditSource = { rule: string } | { queue: string };

/** Transforms on one word: all of them are applied, or none; those of others stand by themselves. */
export interface EditGroup {
  by: EditSource;
  transforms: readonly Transform[];
}

export interface GroupsPlan {
  /** Absent: nothing changes. */
  write?: EditWrite;
  after?: MessageContent;
  refused: { by: EditSource; detail: string }[];
}

/** What rules edit, each on its own word. */
export function groupsOfRules(edits: MergedAction["edits"]): EditGroup[] {
  return edits.map(({ rule, transforms }) => ({ by: { rule }, transforms }));
}

/** As the record of an edit names it. */
export function nameOf(source: EditSource): string {
  return "rule" in source ? `rule ${source.rule}` : `queue ${source.queue}`;
}

/** What groups of transforms make of a stored message, one after another. */
export function planGroups(
  stored: StoredEdits,
  groups: readonly EditGroup[],
  context: EditContext,
  budget: EditBudget,
): GroupsPlan {
  const plan: GroupsPlan = { refused: [] };
  let edits = stored.edits;
  for (const { by, transforms } of groups) {
    const who = nameOf(by);
    const sourced = transforms.map((transform) => ({ transform, who }));
    const next = withinBudget({ ...stored, edits }, budget, (now) =>
      planEdits(now, sourced, context),
    );
    if (next.kind === "refuse") plan.refused.push({ by, detail: next.detail });
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
  if (!budget.read(stored.envelope.length + (stored.edits?.length ?? 0))) return tooMuch();
  const planned = plan(stored);
  return planned.kind !== "edit" || budget.write(planned.write.edits.length) ? planned : tooMuch();
}

/** Why those that no room is left for are not edited. */
export const TOO_MUCH = "the messages of one call have more than 16 MiB together";

function tooMuch(): EditPlan {
  return { kind: "refuse", detail: TOO_MUCH };
}
