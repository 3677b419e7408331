import type { QueueSettings } from "../core/settings.ts";
import type { SimpleQueueKey } from "./queue-settings.ts";

/** Settings of a queue that are fine alone but not together. */
export interface QueueContradiction {
  readonly key: SimpleQueueKey;
  /** A sentence of its own. */
  readonly problem: string;
  readonly hint: string;
}

/** @param nameOf what the reader calls a setting: by flags and files, or by fields of the contract */
export function findQueueContradictions(
  s: QueueSettings,
  nameOf: (key: SimpleQueueKey) => string,
): readonly QueueContradiction[] {
  const found: QueueContradiction[] = [];
  const refuse = (key: SimpleQueueKey, problem: string, hint: string) => {
    found.push({ key, problem, hint });
  };
  if (s.rateBurst > 0 && s.ratePerSecond === 0) {
    const hint = `set ${nameOf("ratePerSecond")} too, or leave the burst out`;
    refuse("rateBurst", "there is a burst but no rate", hint);
  }
  if (s.keyRateBurst > 0 && s.keyRatePerSecond === 0) {
    const hint = `set ${nameOf("keyRatePerSecond")} too, or leave it out`;
    refuse("keyRateBurst", "there is a burst but no rate", hint);
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
      const hint = `set ${nameOf("keyAttribute")} too`;
      refuse(key, "no attribute is named whose values are the keys", hint);
    }
  }
  if (s.breakerMaxOpenMs < s.breakerOpenMs) {
    const openTime = nameOf("breakerOpenMs");
    const hint = `raise it, or lower ${openTime}`;
    refuse("breakerMaxOpenMs", `it is shorter than ${openTime}`, hint);
  }
  if (s.breaker !== "off" && s.breakerReasons.length === 0) {
    refuse("breakerReasons", "no reason counts as a failure, so nothing opens it", "name some");
  }
  return found;
}
