import type { Transform } from "../../core/transform/transform.ts";
import type { MergedAction } from "../../rules/merge-actions.ts";
import type { EditWrite } from "../../store/contract.ts";
import type { MessageContent } from "../commands.ts";
import type { EditBudget } from "./edit-budget.ts";
import { type EditContext, type EditPlan, planEdits, type StoredEdits } from "./plan-edits.ts";

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

/** Applies groups of transforms to a stored message, one after another. */
export function planGroups(
  stored: StoredEdits,
  groups: readonly EditGroup[],
  context: EditContext,
  budget: EditBudget,
): GroupsPlan {
  const plan: GroupsPlan = { refused: [] };
  let edits = stored.edits;
  for (const { source, transforms } of groups) {
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
  if (!budget.read(stored.envelope.length + (stored.edits?.length ?? 0))) return tooMuch();
  const planned = plan(stored);
  return planned.kind !== "edit" || budget.write(planned.write.edits.length) ? planned : tooMuch();
}

/** Why messages beyond the budget are not edited. */
export const TOO_MUCH = "the messages of one call exceed 16 MiB in total";

function tooMuch(): EditPlan {
  return { kind: "refuse", detail: TOO_MUCH };
}
