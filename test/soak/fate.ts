// The producer decides what happens to each message, so the mix does not depend on the workers.

/** `lose`: its first lease expires. `quarantine`: quarantined at first, then retried by an operator. */
export type Fate = "succeed" | "fail" | "release" | "quarantine" | "lose";

/** Number of messages in a thousand. The rest succeed at once. */
const SHARES: readonly (readonly [Fate, number])[] = [
  ["fail", 80],
  ["release", 20],
  ["quarantine", 20],
  ["lose", 10],
];

/** Returns the fate of a message by its number. Consecutive messages have different fates. */
export function fateOf(index: number): Fate {
  let place = (index * 389) % 1_000; // 389 and 1,000 have no common factor, so each place comes once
  for (const [fate, share] of SHARES) {
    if (place < share) return fate;
    place -= share;
  }
  return "succeed";
}

/** Messages that lose their lease have their own worker, which does not report. */
export const queueOf = (fate: Fate): string => (fate === "lose" ? LOSING_QUEUE : QUEUE);

export const QUEUE = "soak";
export const LOSING_QUEUE = "soak-losing";
