/** The number of edits (insert, delete, replace, swap of neighbours) between two words. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, at(i - 2, j - 2) + 1);
      }
      row.push(best);
    }
  }
  return at(a.length, b.length);
}

/** Names that are suggested at once. More do not help. */
const SUGGESTED = 3;

/**
 * Returns the known names that were probably meant, at most three: the nearest one, or those that contain a shortened name.
 * None if more contain it. Ignores case and `-` against `_`, since a flag's name in YAML is the most common mistake.
 */
export function nearest(name: string, known: Iterable<string>): readonly string[] {
  const fold = (s: string): string => s.toLowerCase().replaceAll("_", "-");
  const wanted = fold(name);
  let best: string | undefined;
  // Short names need a closer match: "ttl" must not be suggested for "xyz".
  const bound = Math.min(Math.max(3, Math.floor(wanted.length / 4)), Math.floor(wanted.length / 2));
  let bestDistance = bound + 1;
  const containing: string[] = [];
  for (const candidate of known) {
    const folded = fold(candidate);
    const d = distance(wanted, folded);
    if (d < bestDistance) {
      best = candidate;
      bestDistance = d;
    }
    if (wanted.length >= 4 && folded.includes(wanted)) containing.push(candidate);
  }
  const isTypo = best !== undefined && bestDistance <= 1;
  if (containing.length > 0 && !isTypo) return containing.length > SUGGESTED ? [] : containing;
  return best === undefined ? [] : [best];
}
