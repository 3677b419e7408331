/** The bare name of an enum's value, as people read it. @throws Error for one that it hasn't */
export function nameOf(values: Readonly<Record<string, number>>, value: number): string {
  const found = Object.entries(values).find(([, number]) => number === value);
  if (found === undefined) throw new Error(`a value of no name: ${value}`);
  return found[0];
}
