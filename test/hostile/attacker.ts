// The attacker's process: runs one attack that its parent names, until that says stop.

import { lacking } from "./attack.ts";
import type { Order, Word } from "./attack-process.ts";
import { ATTACKS } from "./catalog.ts";

const over = new AbortController();

function say(word: Word): void {
  process.send?.(word);
}

async function attack({ name, target }: Extract<Order, { op: "run" }>): Promise<void> {
  const found = ATTACKS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no attack ${name}`);
  const counts: Record<string, number> = {};
  let isEnough = false;
  await found.run({
    target,
    over: over.signal,
    count(what, n = 1) {
      if (Object.keys(counts).length === 0) say({ is: "begun" });
      counts[what] = (counts[what] ?? 0) + n;
      if (isEnough || lacking(found, counts).length > 0) return;
      isEnough = true;
      say({ is: "enough" });
    },
    async hold() {
      say({ is: "holding" });
      if (over.signal.aborted) return;
      await new Promise((resolve) => over.signal.addEventListener("abort", resolve));
    },
  });
  say({ is: "done", counts });
}

process.on("message", (order: Order) => {
  if (order.op === "stop") {
    over.abort();
    return;
  }
  attack(order)
    .catch((error: unknown) => say({ is: "failed", why: String((error as Error).stack) }))
    .finally(() => process.disconnect());
});
// Whatever is still open goes with the process.
process.on("disconnect", () => process.exit());
