import type { Delivered, Sending } from "../history/event.ts";
import type { Findings } from "./findings.ts";
import { type Ledger, Source } from "./ledger.ts";

/** The source that an event speaks of; what it says must be what was said of it before. */
export function seenSource(ledger: Ledger, findings: Findings, event: Sending | Delivered): Source {
  const { source: name, queue, sum, plan, e } = event;
  const known = ledger.sources.get(name);
  if (known === undefined) {
    const source = new Source(name, ledger.name(queue), plan, sum);
    ledger.sources.set(name, source);
    return source;
  }
  if (known.queue !== queue || known.sum !== sum || known.plan !== plan) {
    const now = `queue ${queue}, plan ${plan}, sum ${sum}`;
    const before = `queue ${known.queue}, plan ${known.plan}, sum ${known.sum}`;
    findings.broken("unchanged", `source ${name} (${e}): ${now}; elsewhere ${before}`);
  }
  return known;
}
