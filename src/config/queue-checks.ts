import type { QueueSettings } from "../core/settings.ts";
import type { SimpleQueueKey } from "./queue-settings.ts";

/** Settings of a queue that are fine alone but not together. */
export interface QueueContradiction {
  readonly key: SimpleQueueKey;
  /** A sentence of its own. */
  readonly problem: string;
  readonly hint: string;
}

export function findQueueContradictions(s: QueueSettings): readonly QueueContradiction[] {
  const found: QueueContradiction[] = [];
  const refuse = (key: SimpleQueueKey, problem: string, hint: string) => {
    found.push({ key, problem, hint });
  };
  if (s.rateBurst > 0 && s.ratePerSecond === 0) {
    refuse("rateBurst", "there is a burst but no rate", "set rate too, or leave the burst out");
  }
  if (s.keyRateBurst > 0 && s.keyRatePerSecond === 0) {
    refuse("keyRateBurst", "there is a burst but no rate", "set key-rate too, or leave it out");
  }
  if (s.keyAttribute === "") {
    const needy = (
      [
        ["keyRatePerSecond", s.keyRatePerSecond > 0],
        ["keyMaxInFlight", s.keyMaxInFlight > 0],
        ["breaker", s.breaker === "key"],
      ] as const
    ).filter(([, needs]) => needs);
    for (const [key] of needy) {
      refuse(key, "no attribute is named whose values are the keys", "set key-attribute too");
    }
  }
  if (s.breakerMaxOpenMs < s.breakerOpenMs) {
    const hint = "raise it, or lower breaker-open-time";
    refuse("breakerMaxOpenMs", "it is shorter than breaker-open-time", hint);
  }
  if (s.breaker !== "off" && s.breakerReasons.length === 0) {
    refuse("breakerReasons", "no reason counts as a failure, so nothing opens it", "name some");
  }
  return found;
}
