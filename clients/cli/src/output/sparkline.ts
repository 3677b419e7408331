const NONE = "·";
const BARS = "▁▂▃▄▅▆▇█";

/** Returns one bar for each count, the largest one full, and a dot for 0: `··▃█`. */
export function sparkline(counts: readonly bigint[]): string {
  let most = 1n;
  for (const count of counts) if (count > most) most = count;
  const bar = (count: bigint) => BARS[Number((count * 7n) / most)];
  return counts.map((count) => (count === 0n ? NONE : bar(count))).join("");
}

/** Adds up neighbors, so that at most `most` counts are left. The first ones may be fewer together. */
export function merged(counts: readonly bigint[], most: number): bigint[] {
  const size = Math.ceil(counts.length / most);
  const first = counts.length % size || size;
  const parts: bigint[] = [];
  for (let at = 0, end = first; at < counts.length; at = end, end += size) {
    parts.push(counts.slice(at, end).reduce((sum, count) => sum + count, 0n));
  }
  return parts;
}
