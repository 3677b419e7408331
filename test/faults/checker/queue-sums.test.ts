import { expect, it } from "vitest";
import { GUARDED_QUEUE } from "../history/guarded-facts.ts";
import { DIVERTED_QUEUE } from "../history/routes.ts";
import { RunClock } from "./clock.ts";
import { Delivery } from "./delivery.ts";
import { Findings } from "./findings.ts";
import { Message, Source } from "./ledger.ts";
import { Rollbacks } from "./rollbacks.ts";
import { movesOf } from "./rules/places.ts";
import { addDeliveries, Bounds } from "./rules/queue-sums.ts";

const findings = new Findings(new Rollbacks([], undefined, new RunClock()));

/** A message that was delivered in these queues, numbered from 1, and is stored in `queue` after `number`. */
function kept(queue: string, number: number, ...queues: string[]): Message {
  const message = new Message("id", new Source("m", "ok"), 0);
  for (const [index, place] of queues.entries()) {
    const delivery = new Delivery(`${index + 1}`);
    delivery.queue = place;
    delivery.number = index + 1;
    message.add(delivery);
  }
  const state = { state: "QUARANTINED", quarantineReason: "NON_RETRYABLE" } as const;
  message.kept = { queue, number, attempts: 1, ...state };
  return message;
}

function deliveriesOf(message: Message): Record<string, number> {
  const sums = new Map<string, Bounds>();
  const boundsIn = (queue: string) => {
    const bounds = sums.get(queue) ?? new Bounds();
    sums.set(queue, bounds);
    return bounds;
  };
  addDeliveries(boundsIn, message, findings);
  return Object.fromEntries([...sums].map(([queue, { least }]) => [queue, least]));
}

const [FROM, TO] = [GUARDED_QUEUE, DIVERTED_QUEUE];

it("deliveries count in their queue, and claims that no worker received in the queue of the next delivery", () => {
  expect(deliveriesOf(kept(TO, 2, FROM, TO))).toEqual({ [FROM]: 1, [TO]: 1 });
  expect(deliveriesOf(kept(TO, 3, FROM))).toEqual({ [FROM]: 1, [TO]: 2 });
});

it("rolled-back deliveries count nowhere and are no moves", () => {
  const back = kept(TO, 1, FROM, FROM);
  expect(deliveriesOf(back)).toEqual({ [FROM]: 1 });
  expect(movesOf(back, findings)).toHaveLength(1);
  const home = kept(FROM, 1, FROM, TO);
  expect(deliveriesOf(home)).toEqual({ [FROM]: 1 });
  expect(movesOf(home, findings)).toEqual([]);
});
