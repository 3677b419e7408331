import type { DeliverySettings } from "../../core/delivery-settings.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { LAYOUTS } from "./packed/layouts.ts";

const NOTHING = new Uint8Array();
const SCOPES = { queue: CONSTANTS.SCOPE.QUEUE, key: CONSTANTS.SCOPE.KEY } as const;
const ORDERINGS = {
  off: CONSTANTS.ORDERING.OFF,
  key: CONSTANTS.ORDERING.KEY,
  hold: CONSTANTS.ORDERING.HOLD,
} as const;

/** The packed form of each object of settings: settings change rarely. */
const packed = new WeakMap<DeliverySettings, Uint8Array>();

/** The settings as lua/lib/settings.lua reads them. Empty: they block nothing. */
export function packDeliverySettings(settings: DeliverySettings): Uint8Array {
  let bytes = packed.get(settings);
  if (bytes === undefined) {
    bytes = canBlock(settings) ? pack(settings) : NOTHING;
    packed.set(settings, bytes);
  }
  return bytes;
}

function canBlock(settings: DeliverySettings): boolean {
  const { rate, keyRate, keyMaxInFlight, breaker, retryBudget, ordering } = settings;
  const some = rate ?? keyRate ?? breaker ?? retryBudget;
  return some !== undefined || keyMaxInFlight > 0 || ordering !== "off";
}

function pack(settings: DeliverySettings): Uint8Array {
  const { rate, keyRate, breaker, retryBudget } = settings;
  return LAYOUTS.deliverySettings.pack({
    rate: rate?.perSecond ?? 0,
    burst: rate?.burst ?? 0,
    keyRate: keyRate?.perSecond ?? 0,
    keyBurst: keyRate?.burst ?? 0,
    keyMax: settings.keyMaxInFlight,
    budget: retryBudget?.ratio ?? 0,
    budgetMin: retryBudget?.minPerSecond ?? 0,
    scope: breaker ? SCOPES[breaker.scope] : 0,
    window: breaker?.windowMs ?? 0,
    volume: breaker?.minimumVolume ?? 0,
    ratio: breaker?.failureRatio ?? 0,
    inARow: breaker?.consecutiveFailures ?? 0,
    openTime: breaker?.openMs ?? 0,
    maxOpenTime: breaker?.maxOpenMs ?? 0,
    probes: breaker?.probes ?? 0,
    probeLease: breaker?.probeLeaseMs ?? 0,
    ordering: ORDERINGS[settings.ordering],
    hold: settings.orderingHoldMaxAgeMs,
  });
}
