// The end of a run: what became of everything, as the service has counted it.

import { seconds } from "./happening.ts";
import type { Ledger } from "./ledger.ts";
import { SERVICES } from "./services.ts";

const WIDTHS = [10, 19, 8, 10, 9];

export function summaryOf(ledger: Ledger, elapsedMs: number): string {
  const { total, tried, atOnce, lost } = ledger;
  const rows = SERVICES.map(({ name }) => {
    const { sent, recovered, attempts, quarantined } = ledger.row(name);
    const reasons = ledger.reasons(name);
    const others = reasons.length > 1 ? ` +${reasons.length - 1}` : "";
    const why = quarantined === 0 ? [] : ledger.quarantineReasons(name);
    const end = [quarantined, ...why].join(" ");
    return cells([name, `${reasons[0] ?? "-"}${others}`, sent, recovered, attempts], end);
  });
  const { sent, recovered, attempts, quarantined } = total;
  const open = total.waiting + total.inFlight;
  return `
${tried} orders in ${seconds(elapsedMs)}: ${atOnce} went through at once, ${sent} became dead letters. Of these
${recovered} recovered, ${quarantined} are in quarantine, ${open} are undecided; ${lost} orders were lost.

${cells(["queue", "reason", "messages", "recovered", "attempts"], "quarantined")}
${rows.join("\n")}
${cells(["all", "", sent, recovered, attempts], String(quarantined))}
`;
}

function cells(values: readonly (string | number)[], last: string): string {
  const padded = values.map((value, i) => {
    const width = WIDTHS[i] ?? 0;
    return i < 2 ? String(value).padEnd(width) : String(value).padStart(width);
  });
  return `${padded.join("")}  ${last}`;
}
