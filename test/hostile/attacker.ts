// The process of an attacker: runs one attack until its parent stops it.

import { lacking } from "./attack.ts";
import type { Order, Progress } from "./attack-process.ts";
import { ATTACKS } from "./catalog.ts";

const over = new AbortController();

function send(progress: Progress): void {
  process.send?.(progress);
}

async function attack({ name, target }: Extract<Order, { op: "run" }>): Promise<void> {
  const found = ATTACKS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`unknown attack ${name}`);
  const counts: Record<string, number> = {};
  let isEnough = false;
  await found.run({
    target,
    over: over.signal,
    count(what, n = 1) {
      if (Object.keys(counts).length === 0) send({ is: "begun" });
      counts[what] = (counts[what] ?? 0) + n;
      if (isEnough || lacking(found, counts).length > 0) return;
      isEnough = true;
      send({ is: "enough" });
    },
    async hold() {
      send({ is: "holding" });
      if (over.signal.aborted) return;
      await new Promise((resolve) => over.signal.addEventListener("abort", resolve));
    },
  });
  send({ is: "done", counts });
}

process.on("message", (order: Order) => {
  if (order.op === "stop") {
    over.abort();
    return;
  }
  attack(order)
    .catch((error: unknown) => send({ is: "failed", why: String((error as Error).stack) }))
    .finally(() => process.disconnect());
});
// The exit closes all open connections.
process.on("disconnect", () => process.exit());
