/** The names of all options of a kind: the compiler keeps the list complete. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

/**
 * Refuses options that do not exist, which the compiler does only for programs with types.
 *
 * @param what has them, such as `a send`
 * @throws TypeError
 */
export function requireKnown<Options extends object>(
  what: string,
  options: Options,
  names: OptionNames<Options>,
): void {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(names, name));
  if (unknown === undefined) return;
  throw new TypeError(
    `${what} has no option ${unknown}; it has ${Object.keys(names).sort().join(", ")}`,
  );
}
