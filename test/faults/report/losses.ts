import type { Rule } from "../checker/rules.ts";
import type { RunResult } from "../conductor.ts";

const LOST: Rule = "not-lost";

/** Returns the numbers of losses and rollbacks, for an environment that may lose data. */
export function lossesOf({ check, allowLoss, faults }: RunResult, problems: number): string {
  const beside = problems === 0 ? "Nothing lost, nothing unexplained" : undefined;
  if (allowLoss === undefined) return beside === undefined ? "" : `${beside}.`;
  const { kinds, withinMs, keepsSends } = allowLoss;
  const what = keepsSends ? "outcomes, and no send, that were" : "what was";
  const times = faults.filter((fault) => fault.kinds.some((kind) => kinds.includes(kind))).length;
  const total = (is: (rule: Rule) => boolean) =>
    check.rolledBack.filter(({ rule }) => is(rule)).reduce((sum, one) => sum + one.total, 0);
  const undone = check.rolledBack
    .filter(({ rule }) => rule !== LOST)
    .map(({ rule, total: times }) => `${times} × \`${rule}\``);
  const lost = total((rule) => rule === LOST);
  const messages = lost.toLocaleString("en-US");
  const acknowledged = check.counts.acknowledged.toLocaleString("en-US");
  return [
    `May lose by ${kinds.map((kind) => `\`${kind}\``).join(", ")} (here ${times} times) ${what}`,
    `written from ${withinMs / 1_000} s before until the cause was over. **Lost:`,
    // Unanswered sends may have been delivered before they were lost.
    keepsSends
      ? `none of ${acknowledged} acknowledged messages; ${messages} whose sends had no answer.**`
      : `${messages} messages, where ${acknowledged} were acknowledged.**`,
    `Rules that were broken because the store was rolled back:`,
    `${undone.length === 0 ? "none" : undone.join(", ")}.`,
    ...(problems === 0 ? ["Nothing else is lost or unexplained."] : []),
  ].join(" ");
}
