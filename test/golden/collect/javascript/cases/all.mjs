/** A case for each of the ways that one thing fails. */
export const all = (prefix, library, act, reasons) =>
  Object.fromEntries(
    Object.entries(reasons).map(([what, reason]) => [
      `${prefix}: ${what}`,
      [library, reason, () => act(what)],
    ]),
  );
