/** A small generator with a seed (mulberry32): the same choices for the same seed. */
export interface SeededRandom {
  /** From 0 up to, without, 1. */
  next(): number;
  /** A whole number from 0 up to, without, `n`. */
  below(n: number): number;
  /** A whole number from `from` to `to`. */
  between(from: number, to: number): number;
  chance(p: number): boolean;
  /** @throws RangeError if there are none */
  pick<T>(values: readonly T[]): T;
  shuffled<T>(values: readonly T[]): T[];
}

export function seededRandom(seed: number): SeededRandom {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n: number) => Math.floor(next() * n);
  return {
    next,
    below,
    between: (from, to) => from + below(to - from + 1),
    chance: (p) => next() < p,
    pick<T>(values: readonly T[]): T {
      if (values.length === 0) throw new RangeError("nothing to pick from");
      return values[below(values.length)] as T;
    },
    shuffled<T>(values: readonly T[]): T[] {
      const mixed = [...values];
      for (let at = mixed.length - 1; at > 0; at--) {
        const other = below(at + 1);
        [mixed[at], mixed[other]] = [mixed[other] as T, mixed[at] as T];
      }
      return mixed;
    },
  };
}
