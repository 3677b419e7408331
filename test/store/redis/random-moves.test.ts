import { expect, test } from "vitest";
import {
  type DeliverySettings,
  NO_DELIVERY_SETTINGS,
} from "../../../src/core/delivery-settings.ts";
import type { Claimed, MovingMessage, SendItem, SettleItem } from "../../../src/store/contract.ts";
import { BREAKER } from "../../support/key-queue-steps.ts";
import { type SeededRandom, seededRandom } from "../../support/random.ts";
import { useTestStore } from "../../support/store.ts";
import {
  bytes,
  item,
  NO_REQUEST,
  outcome,
  SETTINGS,
  session,
  storedId,
  toRetry,
} from "../../support/store-items.ts";

// Moves between three queues during all other steps: delivery settings that change, orders, key queues, lives that end,
// late outcomes, steps repeated long after, queues that are full or deleted. After each step every
// queue is consistent and no message can be claimed twice; in the end every message can be delivered.

const at = useTestStore();
const QUEUES = ["a", "b", "c"];
const STEPS = 100;

class Life {
  readonly random: SeededRandom;
  readonly held: Claimed[] = [];
  readonly ids: Uint8Array[] = [];
  readonly moves: { from: string; message: MovingMessage }[] = [];
  readonly deliverySettings = new Map<string, DeliverySettings>();

  constructor(seed: number) {
    this.random = seededRandom(seed);
    at.current.store.useDeliverySettings(
      (queue) => this.deliverySettings.get(queue) ?? NO_DELIVERY_SETTINGS,
    );
  }

  async send(queue: string): Promise<void> {
    const { random } = this;
    const one = (): SendItem =>
      item({
        orderingKey: random.pick(["", "o1", "o2"]),
        limiterKey: random.pick(["", "h1", "h2"]),
        priority: random.pick([0, 0, 0, 10, -5]),
        dedupKey: random.pick(["", "", "d"]),
        ttlMs: random.pick([0, 0, 1_000, 10_000]),
        delayMs: random.pick([0, 0, random.below(3_000)]),
        dropped: random.chance(0.05),
      });
    const items = Array.from({ length: random.between(1, 4) }, one);
    for (const reply of await at.current.store.send(queue, items, SETTINGS)) {
      if (reply.status === "stored" && !reply.joined) this.ids.push(storedId(reply));
    }
  }

  async claim(queue: string): Promise<void> {
    const { random } = this;
    const leaseMs = random.pick([500, 5_000, 30_000]);
    const over = { count: random.between(1, 8), leaseMs, canIsolate: random.chance(0.5) };
    const ttlAction = random.pick(["quarantine", "discard"] as const);
    const quarantineRetentionMs = random.pick([0, 0, 0, 15_000]);
    const settings = { ttlAction, quarantineRetentionMs };
    const { claimed } = await at.current.tick(queue, [session(1, over)], settings);
    this.held.push(...claimed);
  }

  async settle(): Promise<void> {
    const { random, held } = this;
    const one = random.chance(0.9) ? held.splice(random.below(held.length), 1)[0] : held[0];
    if (one === undefined) return;
    await at.current.store.settle(one.queue, NO_REQUEST, [this.#outcomeOf(one)]);
  }

  #outcomeOf(claimed: Claimed): SettleItem {
    const { random } = this;
    const kind = random.pick([
      ...(["succeed", "failReschedule", "failQuarantine", "release", "return"] as const),
      ...(["failMove", "failMove", "failMove", "failDiscard"] as const),
    ]);
    const over = { countsForBreaker: random.chance(0.7), delayMs: random.below(1_000) };
    if (kind !== "failMove") return outcome(claimed, kind, over);
    const quarantined = { quarantineReason: "RETRIES_EXHAUSTED" as const };
    return outcome(claimed, kind, {
      ...over,
      ...{ reason: "NETWORK_ERROR", failure: bytes("failed") },
      ...random.pick([{}, {}, { quarantineReason: "RULE" as const }]),
      move: {
        target: random.pick(QUEUES.filter((name) => name !== claimed.queue)),
        ifRefused: { delayMs: random.below(1_000), ...random.pick([{}, {}, quarantined]) },
      },
    });
  }

  /** Some steps of some moves, also of moves that have ended. */
  async move(queue: string): Promise<void> {
    const { random } = this;
    for (const message of await at.current.store.moves.pending(queue, { olderThanMs: 0 })) {
      this.moves.push({ from: queue, message });
    }
    for (const { from, message } of random.shuffled(this.moves).slice(0, 4)) {
      await this.moveOne(from, message, random.chance(0.6), random.pick([0, 0, 0, 2]));
    }
  }

  async moveOne(from: string, message: MovingMessage, ends: boolean, maxMessages: number) {
    const { moves } = at.current.store;
    const orderingKey = this.random.pick(["", "o1"]);
    const items = [{ message, limiterKey: this.random.pick(["", "h1"]), orderingKey }];
    const settings = { ...SETTINGS, maxMessages };
    const [received] = await moves.receive(message.target, from, items, settings);
    if (ends) await moves.end(from, [{ message, received: received === "RECEIVED" }]);
  }

  changeRules(queue: string): void {
    const { random } = this;
    this.deliverySettings.set(queue, {
      ...NO_DELIVERY_SETTINGS,
      keyAttribute: "host",
      keyMaxInFlight: random.pick([0, 1]),
      rate: random.pick([undefined, { perSecond: 20, burst: 5 }]),
      breaker: random.pick([
        undefined,
        { ...BREAKER, scope: random.pick(["queue", "key"]), probes: random.between(1, 3) },
      ]),
      retryBudget: random.pick([undefined, { ratio: 0.2, minPerSecond: 1 }]),
      ordering: random.pick(["off", "key", "hold"]),
      orderingHoldMaxAgeMs: random.pick([0, 2_000]),
    });
  }

  async delete(queue: string): Promise<void> {
    const { deletion } = at.current.store;
    const { counters } = await at.current.dump(queue);
    if ((await deletion.seal(queue, counters.messages ?? 0)).status !== "sealed") return;
    while ((await deletion.purge(queue)) === "removed") await at.current.checkInvariants(queue);
    await deletion.remove(queue);
  }

  async step(): Promise<void> {
    const { random, ids } = this;
    const queue = random.pick(QUEUES);
    const roll = random.below(100);
    if (roll < 20) await this.send(queue);
    else if (roll < 42) await this.claim(queue);
    else if (roll < 66) await this.settle();
    else if (roll < 80) await this.move(queue);
    else if (roll < 86 && ids.length > 0)
      await at.current.store.messages.retry(queue, NO_REQUEST, toRetry([random.pick(ids)]));
    else if (roll < 92) await at.current.clock.advance(random.below(4_000));
    else if (roll < 98) this.changeRules(queue);
    else if (roll < 99) await this.delete(queue);
    else await at.current.clock.set(at.current.clock.nowMs - random.below(60_000));
  }
}

/** Message -> its queue, and whether it moves from there. */
async function places(): Promise<Map<string, { moving: boolean; quarantined: boolean }[]>> {
  const found = new Map<string, { moving: boolean; quarantined: boolean }[]>();
  for (const queue of QUEUES) {
    for (const [id, { moving, state }] of (await at.current.dump(queue)).messages) {
      const place = { moving, quarantined: state === "QUARANTINED" };
      found.set(id, [...(found.get(id) ?? []), place]);
    }
  }
  return found;
}

/** Ends all moves, then delivers all messages that are not in quarantine. */
async function finish(life: Life): Promise<void> {
  const { store, clock } = at.current;
  await clock.advance(24 * 3_600_000);
  for (const queue of QUEUES) {
    const pending = await store.moves.pending(queue, { olderThanMs: 0 });
    for (const message of pending) await life.moveOne(queue, message, true, 0);
  }
  expect([...(await places()).values()].filter((all) => all.length > 1)).toEqual([]);
  for (let round = 0; round < 100; round++) {
    for (const queue of QUEUES) {
      for (const order of ["o1", "o2"]) await store.deliveryBlocks.releaseOrder(queue, order);
      const { claimed } = await at.current.tick(queue, [session(9)]);
      const done = claimed.map((one) => outcome(one, "succeed"));
      await store.settle(queue, NO_REQUEST, done);
    }
    await clock.advance(5_000);
    if ([...(await places()).values()].flat().every(({ quarantined }) => quarantined)) return;
  }
  throw new Error("something is never delivered");
}

test.each([1, 2, 3, 4, 5, 6])(
  "no message is lost, doubled or stuck, seed %i",
  async (seed) => {
    const life = new Life(seed);
    for (let n = 0; n < STEPS; n++) {
      await life.step();
      for (const queue of QUEUES) await at.current.checkInvariants(queue);
      for (const [id, all] of await places()) {
        expect(all.filter(({ moving }) => !moving).length, id).toBeLessThan(2);
      }
    }
    await finish(life);
    for (const queue of QUEUES) {
      expect((await at.current.dump(queue)).counters.healed ?? 0).toBe(0);
    }
  },
  60_000,
);
