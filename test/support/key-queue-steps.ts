import {
  type BreakerLimits,
  type DeliverySettings,
  NO_DELIVERY_SETTINGS,
} from "../../src/core/delivery-settings.ts";
import type { Claimed, SendItem, SessionCredit, SettleItem } from "../../src/store/contract.ts";
import type { TestStore } from "./store.ts";
import { bytes, item, NO_REQUEST, outcome, SETTINGS, session, text } from "./store-items.ts";

/** Steps for tests of key queues, limiters and orders: one queue, messages named by their envelopes. */
export function keyQueueSteps(at: { readonly current: TestStore }, queue: string) {
  const names = (claims: readonly Claimed[]) => claims.map(({ envelope }) => text(envelope));
  const claim = async (over: Partial<SessionCredit> = {}) =>
    (await at.current.tick(queue, [session(1, over)])).claimed;
  return {
    useSettings(over: Partial<DeliverySettings>): void {
      at.current.deliverySettings = { ...NO_DELIVERY_SETTINGS, ...over };
    },
    send: (...items: (Partial<SendItem> & { name: string })[]) =>
      at.current.store.send(
        queue,
        items.map(({ name, ...over }) => item({ envelope: bytes(name), ...over })),
        SETTINGS,
      ),
    claim,
    names,
    claimNames: async (over: Partial<SessionCredit> = {}) => names(await claim(over)),
    settle: (
      claims: readonly Claimed[],
      kind: SettleItem["kind"],
      over: Partial<SettleItem> = {},
    ) =>
      at.current.store.settle(
        queue,
        NO_REQUEST,
        claims.map((one) => outcome(one, kind, over)),
      ),
  };
}

export const BREAKER: BreakerLimits = {
  scope: "queue",
  windowMs: 10_000,
  minimumVolume: 4,
  failureRatio: 0.5,
  consecutiveFailures: 0,
  openMs: 5_000,
  maxOpenMs: 60_000,
  probes: 2,
  probeLeaseMs: 3_000,
  reasons: ["NETWORK_ERROR", "TIMEOUT"],
};
