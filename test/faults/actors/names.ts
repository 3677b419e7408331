/** Returns the name of an enum value. @throws Error for an unknown value */
export function nameOf(values: Readonly<Record<string, number>>, value: number): string {
  const found = Object.entries(values).find(([, number]) => number === value);
  if (found === undefined) throw new Error(`unknown enum value ${value}`);
  return found[0];
}
