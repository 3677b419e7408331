// The producer decides what happens to each message, so the mix does not depend on the workers.

/** `lose`: its first lease runs out. `quarantine`: set aside at first, then retried by an operator. */
export type Fate = "succeed" | "fail" | "release" | "quarantine" | "lose";

/** Of a thousand messages; the rest succeed at once. */
const SHARES: readonly (readonly [Fate, number])[] = [
  ["fail", 80],
  ["release", 20],
  ["quarantine", 20],
  ["lose", 10],
];

/** Every message of the same number has the same fate; neighbours have different ones. */
export function fateOf(index: number): Fate {
  let place = (index * 389) % 1_000; // 389 and 1,000 have no common factor: each place once
  for (const [fate, share] of SHARES) {
    if (place < share) return fate;
    place -= share;
  }
  return "succeed";
}

/** Those that lose their lease have a worker of their own that does not report. */
export const queueOf = (fate: Fate): string => (fate === "lose" ? LOSING_QUEUE : QUEUE);

export const QUEUE = "soak";
export const LOSING_QUEUE = "soak-losing";
