import { NEVER, UNKNOWN } from "../clock.ts";
import type { Findings } from "../findings.ts";
import type { Source } from "../ledger.ts";

/**
 * A source has one id, even if its request was repeated. It exists only if it was sent and not every try was refused.
 * After a rollback the next try may get another id, but the store never has both.
 */
export function checkIdentity(source: Source, findings: Findings): void {
  const { name, messages, request, tries, refusedTries } = source;
  if (messages.length > 1) {
    const byAge = messages.toSorted((a, b) => a.createdAt - b.createdAt);
    const words = `source ${name} exists as ${byAge.map(({ id }) => id).join(" and as ")}`;
    const keptTwice = messages.filter(({ kept }) => kept !== undefined).length > 1;
    if (keptTwice) findings.broken("one-id", words);
    for (const { createdAt } of byAge.slice(0, -1)) {
      if (!keptTwice) findings.brokenUnlessForgotten("one-id", words, createdAt, createdAt);
    }
  }
  if (request !== undefined) checkDropped(source, findings);
  checkKnown(source, findings);
  if (messages.length === 0) return;
  if (request === undefined) findings.broken("nothing-invented", `${messages[0]} was never sent`);
  else if (refusedTries >= tries && messages.every((one) => one.sentAt === NEVER)) {
    findings.broken("nothing-invented", `${messages[0]} exists, but each try was refused`);
  }
}

function checkDropped({ name, route, messages, droppedAt }: Source, findings: Findings): void {
  const isDropped = route === "drop";
  if (isDropped && messages.length > 0) {
    findings.broken("dropped", `${messages[0]} exists, but a rule drops ${name}`);
  }
  if (!isDropped && droppedAt !== NEVER) {
    findings.broken("dropped", `${name} was dropped by ${droppedAt} ms, but not by a rule`);
  }
}

/** A send that was answered as known was delivered or is stored, or a rule dropped it. */
function checkKnown({ name, route, messages, knownAt }: Source, findings: Findings): void {
  if (knownAt === NEVER || messages.length > 0 || route === "drop") return;
  const words = `${name} was known at ${knownAt} ms, but is neither stored nor was delivered`;
  findings.brokenUnlessForgotten("not-lost", words, UNKNOWN, knownAt);
}
