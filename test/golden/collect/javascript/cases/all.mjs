/** Returns a case for each way in which one action fails. */
export const all = (prefix, library, act, reasons) =>
  Object.fromEntries(
    Object.entries(reasons).map(([what, reason]) => [
      `${prefix}: ${what}`,
      [library, reason, () => act(what)],
    ]),
  );
