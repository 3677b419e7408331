// One line an event, for files, pipes and readers of screens; totals every few seconds.

import { type Happening, seconds } from "./happening.ts";
import type { Scene, View } from "./view.ts";

const TOTALS_EVERY_MS = 4_000;

export function createPlainView(scene: Scene, write: (text: string) => void): View {
  let totalsAtMs = scene.elapsedMs() + TOTALS_EVERY_MS;
  let lastTotals = "";
  const line = (words: string) => write(`${seconds(scene.elapsedMs()).padStart(7)}  ${words}\n`);
  return {
    happened: ({ kind, words }: Happening) => line(kind === "service" ? `*** ${words}` : words),
    refreshed() {
      if (scene.elapsedMs() < totalsAtMs) return;
      totalsAtMs = scene.elapsedMs() + TOTALS_EVERY_MS;
      const totals = totalsOf(scene);
      if (totals !== lastTotals) line(`--- ${totals}`);
      lastTotals = totals;
    },
    close() {},
  };
}

/** `40 orders: 9 went through at once, 31 dead letters (20 waiting, …)`. */
function totalsOf({ ledger }: Scene): string {
  const { sent, waiting, inFlight, recovered, quarantined } = ledger.total;
  const parts = [
    `${waiting} waiting`,
    `${inFlight} in flight`,
    `${recovered} recovered`,
    `${quarantined} quarantined`,
  ];
  const { tried, atOnce } = ledger;
  return `${tried} orders: ${atOnce} went through at once, ${sent} dead letters: ${parts.join(", ")}`;
}
