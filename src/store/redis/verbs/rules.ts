import type { DeliveryRules, Ordering } from "../../../core/delivery-rules.ts";
import { Packed } from "../packed.ts";

const NOTHING = new Uint8Array();
const SCOPES = { queue: 1, key: 2 } as const;
const ORDERINGS = { off: 0, key: 1, hold: 2 } as const satisfies Record<Ordering, number>;

/** Of each object that settings hold what the scripts read: settings change rarely. */
const packed = new WeakMap<DeliveryRules, Uint8Array>();

/** As lua/lib/rules.lua reads it; nothing at all for rules that hold nothing back. */
export function packRules(rules: DeliveryRules): Uint8Array {
  let bytes = packed.get(rules);
  if (bytes === undefined) {
    bytes = holdsBack(rules) ? pack(rules) : NOTHING;
    packed.set(rules, bytes);
  }
  return bytes;
}

function holdsBack(rules: DeliveryRules): boolean {
  const { rate, keyRate, keyMaxInFlight, breaker, retryBudget, ordering } = rules;
  const some = rate ?? keyRate ?? breaker ?? retryBudget;
  return some !== undefined || keyMaxInFlight > 0 || ordering !== "off";
}

function pack(rules: DeliveryRules): Uint8Array {
  const { rate, keyRate, breaker, retryBudget } = rules;
  return new Packed(RULES_BYTES)
    .double(rate?.perSecond ?? 0)
    .double(rate?.burst ?? 0)
    .double(keyRate?.perSecond ?? 0)
    .double(keyRate?.burst ?? 0)
    .u16(rules.keyMaxInFlight)
    .double(retryBudget?.ratio ?? 0)
    .double(retryBudget?.minPerSecond ?? 0)
    .u8(breaker ? SCOPES[breaker.scope] : 0)
    .ms(breaker?.windowMs ?? 0)
    .u32(breaker?.minimumVolume ?? 0)
    .double(breaker?.failureRatio ?? 0)
    .u32(breaker?.consecutiveFailures ?? 0)
    .ms(breaker?.openMs ?? 0)
    .ms(breaker?.maxOpenMs ?? 0)
    .u16(breaker?.probes ?? 0)
    .ms(breaker?.probeLeaseMs ?? 0)
    .u8(ORDERINGS[rules.ordering])
    .ms(rules.orderingHoldMaxAgeMs).bytes;
}

const RULES_BYTES = 4 * 8 + 2 + 2 * 8 + 1 + 6 + 4 + 8 + 4 + 6 + 6 + 2 + 6 + 1 + 6;
