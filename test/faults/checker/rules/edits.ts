import { DIVERTED_QUEUE } from "../../history/routes.ts";
import type { Delivery } from "../delivery.ts";
import { failureCounted } from "../exempt.ts";
import type { FaultTimes } from "../fault-times.ts";
import type { Findings } from "../findings.ts";
import type { Message } from "../ledger.ts";
import { mayHaveFailed } from "./attempts.ts";
import { lastAct } from "./jobs.ts";

/**
 * A payload is as sent, or has all edits. It is edited from the first failure in the editing queue on, or from a batch job on; if
 * the store was full then, from a later failure on.
 */
export function checkEdits(message: Message, times: FaultTimes, findings: Findings): void {
  const { source, deliveries } = message;
  if (!source.isKnown) return;
  let may: "no" | "perhaps" | "yes" = "no";
  let by: Delivery | undefined;
  for (const [index, one] of deliveries.entries()) {
    if (one.sum !== source.sum && one.sum !== source.edited) {
      const words = `${message}: delivery ${one.number} has sum ${one.sum}; it is ${source.sum} as sent and ${source.edited} as edited`;
      findings.broken("unchanged", words);
    }
    const isEdited = one.sum === source.edited;
    if (lastAct(message, ["edit"], one.issuedAt) !== undefined) may = "yes";
    if (may !== "perhaps" && isEdited !== (may === "yes")) {
      const words = `${message}: delivery ${one.number} is ${isEdited ? "edited" : "as it was sent"}`;
      const { from, to } = by?.applied ?? { from: one.issuedAt, to: one.issuedAt };
      findings.brokenUnlessForgotten("edited-whole", words, by?.issuedAt ?? from, to);
    }
    // Once delivered edited, it is never delivered unedited again.
    if (isEdited) [may, by] = ["yes", one];
    if (may === "yes" || one.queue !== DIVERTED_QUEUE) continue;
    const { applied } = one;
    const hadRoom = applied !== undefined && !times.mayBeFull(applied.from, applied.to);
    const isFailure = failureCounted(one) === "yes";
    if (isFailure) [may, by] = [hadRoom ? "yes" : "perhaps", one];
    else if (mayHaveFailed(one, deliveries[index + 1])) [may, by] = ["perhaps", one];
  }
}
