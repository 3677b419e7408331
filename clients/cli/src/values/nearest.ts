/**
 * Returns the name that was probably meant: with the fewest wrong characters, at most a third of the text; or else the only name that
 * has the text as one of its parts.
 */
export function nearestName(text: string, names: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = Math.max(1, Math.floor(text.length / 3)) + 1;
  for (const name of names) {
    const count = editsBetween(text, name);
    if (count < least) [nearest, least] = [name, count];
  }
  if (nearest !== undefined) return nearest;
  const [only, ...others] = names.filter((name) => name.split(/[._-]/).includes(text));
  return others.length === 0 ? only : undefined;
}

/** Returns how many characters must be put in, left out, replaced or swapped with the next one. */
function editsBetween(a: string, b: string): number {
  let [beforeLast, last]: [number[], number[]] = [
    [],
    Array.from({ length: b.length + 1 }, (_, at) => at),
  ];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(
          (last[j] ?? 0) + 1,
          (row[j - 1] ?? 0) + 1,
          (last[j - 1] ?? 0) + (isSame ? 0 : 1),
          isSwapped ? (beforeLast[j - 2] ?? 0) + 1 : Infinity,
        ),
      );
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
