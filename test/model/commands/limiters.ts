import fc from "fast-check";
import { inForce, type Limiters, NO_LIMITERS } from "../life/limiters.ts";
import { letGo } from "../life/orders.ts";
import { QUEUE } from "../real/names.ts";
import { step } from "./play.ts";
import { hexOf, same } from "./results.ts";
import { ORDERS } from "./send.ts";

/** Small enough to be met in a run. */
const RATE = { perSecond: 1, burst: 3 };
const KEY_RATE = { perSecond: 0.5, burst: 2 };
const BUDGET = { ratio: 0.05, minPerSecond: 0.001 };

export const limitersArgs = (): fc.Arbitrary<Limiters> =>
  fc.oneof(
    { weight: 1, arbitrary: fc.constant(NO_LIMITERS) },
    {
      weight: 2,
      arbitrary: fc
        .record<Limiters>({
          keyed: fc.constantFrom(true, true, false),
          keyMaxInFlight: fc.constantFrom(0, 0, 1, 2),
          keyRate: fc.constantFrom(undefined, undefined, KEY_RATE),
          rate: fc.constantFrom(undefined, undefined, undefined, RATE),
          budget: fc.constantFrom(undefined, undefined, BUDGET),
          breaker: fc.constantFrom("off", "off", "queue", "key", "key"),
          ordering: fc.constantFrom("off", "key", "hold"),
          holdMs: fc.constantFrom(0, 20_000),
          paused: fc.oneof(
            { weight: 11, arbitrary: fc.constant(false) },
            { weight: 1, arbitrary: fc.constant(true) },
          ),
        })
        .map(inForce),
    },
  );

/** Settings change while messages are scheduled, in flight and held back under the old ones. */
export const changeStep = () =>
  limitersArgs().map((limiters) =>
    step("ChangeLimiters", limiters, async ({ life }, rig) => {
      life.change(limiters);
      rig.change(limiters);
    }),
  );

/** A breaker is closed by hand. */
export const resetStep = () =>
  fc.constantFrom("", "a", "a", "b").map((key) =>
    step("ResetBreaker", key, async ({ life }, rig) => {
      const breaker = life.breakers.get(key);
      const wasOpen = breaker !== undefined && breaker.state !== "CLOSED";
      same("reset", await rig.store.deliveryBlocks.resetBreaker(QUEUE, key), wasOpen);
      if (wasOpen) breaker.close();
    }),
  );

/** Releases an ordering key that waits behind a quarantined message. */
export const releaseOrderStep = () =>
  fc.constantFrom(...ORDERS).map((order) =>
    step("ReleaseOrder", order, async ({ life }, rig) => {
      const released = await rig.store.deliveryBlocks.releaseOrder(QUEUE, order);
      same("released", released && hexOf(released), letGo(life, order));
    }),
  );
