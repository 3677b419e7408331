/** Returns a case for each way in which one action fails. */
export const all = (prefix, library, act, reasons) =>
  Object.fromEntries(
    Object.entries(reasons).map(([what, reason]) => [
      `${prefix}: ${what}`,
      [library, reason, () => act(what)],
    ]),
  );

export const never = () => new Promise(() => {});

/** A limit in milliseconds: a server that answers may do so late on a busy machine. */
export const limitOf = (where) => (/hang/.test(where) ? 200 : 5000);
