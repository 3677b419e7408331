import type { QueueSettings } from "../core/settings.ts";
import type { SimpleQueueKey } from "./queue-settings.ts";

/** A contradiction between settings of a queue. */
export interface QueueContradiction {
  readonly key: SimpleQueueKey;
  /** A whole sentence. */
  readonly problem: string;
  readonly hint: string;
}

/** `nameOf` returns the name of a setting for the reader: a flag, or a field of the contract. */
export function findQueueContradictions(
  s: QueueSettings,
  nameOf: (key: SimpleQueueKey) => string,
): readonly QueueContradiction[] {
  const found: QueueContradiction[] = [];
  const refuse = (key: SimpleQueueKey, problem: string, hint: string) => {
    found.push({ key, problem, hint });
  };
  if (s.rateBurst > 0 && s.ratePerSecond === 0) {
    const hint = `set ${nameOf("ratePerSecond")} too, or remove the burst`;
    refuse("rateBurst", "there is a burst but no rate", hint);
  }
  if (s.keyRateBurst > 0 && s.keyRatePerSecond === 0) {
    const hint = `set ${nameOf("keyRatePerSecond")} too, or remove the burst`;
    refuse("keyRateBurst", "there is a burst but no rate", hint);
  }
  if (s.keyAttribute === "") {
    const dependent = (
      [
        ["keyRatePerSecond", s.keyRatePerSecond > 0],
        ["keyMaxInFlight", s.keyMaxInFlight > 0],
        ["breaker", s.breaker === "key"],
      ] as const
    ).filter(([, needs]) => needs);
    for (const [key] of dependent) {
      const hint = `set ${nameOf("keyAttribute")} too`;
      refuse(key, "needs an attribute for limiter keys", hint);
    }
  }
  const hidden = [`attribute:${s.keyAttribute.toLowerCase()}`, "attribute:*"];
  if (s.keyAttribute !== "" && s.redact.some((entry) => hidden.includes(entry))) {
    const hint = `limiter keys are shown by ListBreakers, Explain and state changes; remove the entry, or use another attribute in ${nameOf("keyAttribute")}`;
    refuse("redact", "it hides the attribute whose values are limiter keys", hint);
  }
  if (s.breakerMaxOpenMs < s.breakerOpenMs) {
    const openTime = nameOf("breakerOpenMs");
    const hint = `raise it, or lower ${openTime}`;
    refuse("breakerMaxOpenMs", `it is shorter than ${openTime}`, hint);
  }
  if (s.breaker !== "off" && s.breakerReasons.length === 0) {
    refuse(
      "breakerReasons",
      "no reason counts as a failure, so the breaker never opens",
      "name at least one",
    );
  }
  return found;
}
