import { test } from "vitest";
import type { Claimed } from "../../../src/store/contract.ts";
import { seededRandom } from "../../support/random.ts";
import { useTestStore } from "../../support/store.ts";
import {
  bytes,
  item,
  NO_REQUEST,
  outcome,
  SETTINGS,
  session,
  storedId,
  tokenOf,
  toRetry,
} from "../../support/store-items.ts";

const at = useTestStore();

const QUEUES = ["red", "blue"] as const;
const STEPS = 500;
const CHECK_EVERY = 25;
const SEEDS = Array.from({ length: 20 }, (_, n) => n + 1);

const KINDS = [
  "succeed",
  "succeed",
  "discard",
  "quarantine",
  "failReschedule",
  "failReschedule",
  "failQuarantine",
  "release",
  "return",
] as const;

test.each(SEEDS)("a random walk keeps every invariant: seed %d", async (seed) => {
  const { store, clock } = at.current;
  const random = seededRandom(seed);
  const claims: Claimed[] = [];
  const ids: Uint8Array[] = [];
  let claimNumber = 0;
  let requests = 0;

  // Sometimes under a request that was used before, sometimes without one.
  const request = () =>
    random.chance(0.3)
      ? NO_REQUEST
      : bytes(`request ${random.chance(0.2) ? random.below(requests + 1) : ++requests}`);
  /** A claim of any age: its lease may be live, expired, lost or settled. */
  const anyClaim = () =>
    random.chance(0.7) ? claims.at(-1 - random.below(5)) : claims[random.below(claims.length)];

  const sessions = () =>
    Array.from({ length: random.below(3) }, () =>
      session(1 + random.below(4), {
        count: random.below(6),
        bytes: random.pick([20, 100, 10_000]),
        leaseMs: random.pick([1_000, 5_000, 30_000]),
        canIsolate: random.chance(0.5),
      }),
    );

  const send = async (queue: string) => {
    const items = Array.from({ length: 1 + random.below(5) }, () =>
      item({
        requestId: random.chance(0.3) ? `r${random.below(40)}` : "",
        envelope: bytes("x".repeat(random.below(120))),
        delayMs: random.pick([0, 0, 1_000, 40_000]),
        ttlMs: random.pick([0, 5_000, 60_000]),
        reason: random.pick(["TIMEOUT", "PLUGIN_ERROR", "UNKNOWN_ERROR"]),
        quarantineReason: random.chance(0.1) ? "PRODUCER_REQUEST" : undefined,
        sourceId: random.chance(0.4) ? `s${random.below(6)}` : "",
        dedupKey: random.chance(0.4) ? `k${random.below(6)}` : "",
        payloadHash: bytes(random.pick(["payload hash one", "payload hash two"])),
      }),
    );
    const settings = { ...SETTINGS, maxMessages: 60, maxBytes: 5_000 };
    for (const reply of await store.send(queue, items, settings)) {
      if (reply.status === "stored") ids.push(storedId(reply));
    }
  };

  const tick = async (queue: string) => {
    const asked = sessions();
    const { claimed } = await store.tick(queue, {
      claimNumber: ++claimNumber,
      sessions: asked,
      settings: {
        ttlAction: random.pick(["quarantine", "discard"]),
        quarantineRetentionMs: random.pick([0, 0, 60_000]),
      },
    });
    // The reply is lost: the claims are given back, once or twice.
    if (random.chance(0.15)) {
      for (let n = random.below(2); n >= 0; n--) await store.abandon(queue, claimNumber, asked);
    } else {
      claims.push(...claimed);
    }
  };

  const settle = async () => {
    const chosen = [anyClaim(), anyClaim()].filter((claim) => claim !== undefined);
    for (const { queue } of chosen.slice(0, 1)) {
      const items = chosen
        .filter((claim) => claim.queue === queue)
        .map((claim) =>
          outcome(claim, random.pick(KINDS), random.chance(0.2) ? { version: 3 } : {}),
        );
      await store.settle(queue, request(), items);
    }
  };

  const extend = async () => {
    const claim = anyClaim();
    if (!claim) return;
    const leaseMs = random.chance(0.5) ? undefined : 2_000;
    await store.extend(claim.queue, [{ token: tokenOf(claim), leaseMs }]);
  };

  const retry = async (queue: string) => {
    if (random.chance(0.5)) {
      const some = ids.length === 0 ? [] : Array.from({ length: 3 }, () => random.pick(ids));
      await store.messages.retry(queue, request(), toRetry(some));
    } else {
      const states = random.pick([[], ["SCHEDULED" as const]]);
      const filter = { states, reasons: [], quarantineReasons: [] };
      const selection = { filter, expectedCount: random.below(8) };
      await store.messages.retryMatching(queue, request(), selection);
    }
  };

  for (let step = 1; step <= STEPS; step++) {
    const queue = random.pick(QUEUES);
    const dice = random.below(100);
    if (dice < 22) await send(queue);
    else if (dice < 50) await tick(queue);
    else if (dice < 75) await settle();
    else if (dice < 80) await extend();
    else if (dice < 87) await retry(queue);
    else if (dice < 98) await clock.advance(random.pick([1, 400, 1_000, 6_000, 31_000]));
    else await clock.set(clock.nowMs + random.pick([-120_000, -1, 300_000]));
    if (step % CHECK_EVERY === 0) await at.current.checkAllQueues();
  }
});
