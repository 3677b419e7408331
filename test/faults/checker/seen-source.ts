import type { Delivered, Sending } from "../history/event.ts";
import type { Findings } from "./findings.ts";
import { type Ledger, Source } from "./ledger.ts";

/** Returns the source of an event. Its values must equal those of earlier events. */
export function seenSource(ledger: Ledger, findings: Findings, event: Sending | Delivered): Source {
  const { source: name, plan } = event;
  let source = ledger.sources.get(name);
  if (source === undefined) {
    source = new Source(name, plan);
    ledger.sources.set(name, source);
  }
  if (source.plan !== plan) {
    const words = `source ${name} (${event.e}): plan ${plan}; elsewhere ${source.plan}`;
    findings.broken("unchanged", words);
  }
  if (event.e === "sending") recordSend(ledger, findings, source, event);
  return source;
}

function recordSend(ledger: Ledger, findings: Findings, source: Source, event: Sending): void {
  const { queue, sum, edited } = event;
  if (!source.isKnown) source.setSent({ queue: ledger.name(queue), sum, edited });
  else if (source.queue !== queue || source.sum !== sum || source.edited !== edited) {
    const before = `queue ${source.queue}, sum ${source.sum}`;
    findings.broken(
      "unchanged",
      `source ${source.name}: queue ${queue}, sum ${sum}; before ${before}`,
    );
  }
}
