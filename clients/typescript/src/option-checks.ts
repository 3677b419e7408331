// Checks of options. The compiler makes them only for programs with types.

/** The names of all options of a kind: the compiler keeps the list complete. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

/**
 * Refuses options that do not exist.
 *
 * @param what has them, such as `a send`
 * @throws TypeError
 */
export function requireKnown<Options extends object>(
  what: string,
  options: Options,
  names: OptionNames<Options>,
): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`the options of ${what} are ${shown(options)}; give an object`);
  }
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(names, name));
  if (unknown === undefined) return;
  throw new TypeError(
    `${what} has no option ${unknown}; it has ${Object.keys(names).sort().join(", ")}`,
  );
}

/** @throws TypeError if `value` is no function */
export function requireFunction(name: string, value: unknown): void {
  if (typeof value === "function") return;
  throw new TypeError(`${name} is ${shown(value)}; give a function`);
}

/** @throws TypeError for a value that is given and no AbortSignal */
export function requireSignal(signal: AbortSignal | null | undefined): void {
  if (signal == null || typeof signal.addEventListener === "function") return;
  throw new TypeError(`signal is ${shown(signal)}; give an AbortSignal`);
}

/** The server checks the characters. @throws TypeError if it is no text, or empty */
export function requireQueue(queue: unknown): void {
  if (typeof queue === "string" && queue !== "") return;
  throw new TypeError(`the queue is ${shown(queue)}; give its name`);
}

/** The server remembers the request id of a send for 10 minutes. */
const MAX_TIMEOUT_MS = 600_000;

/** Returns a time limit. @throws TypeError if it makes no sense */
export function timeout(name: string, ms: number): number {
  if (typeof ms === "number" && ms > 0 && ms < MAX_TIMEOUT_MS) return ms;
  throw new TypeError(
    `${name} is ${shown(ms)}; give milliseconds above 0 and below ${MAX_TIMEOUT_MS}`,
  );
}

/**
 * Returns the time limit that a method got, else its default: as a callback, for instance of a signal of
 * the process, it gets other arguments.
 */
export function limitOr<Default>(ms: unknown, byDefault: Default): number | Default {
  return typeof ms === "number" && !Number.isNaN(ms) ? ms : byDefault;
}

/** Names a wrong value: a text or an object only by its type, because it may be a secret. */
export function shown(value: unknown): string {
  if (value === "") return "empty";
  if (typeof value === "object" && value !== null) {
    return `of type ${Object.prototype.toString.call(value).slice("[object ".length, -1)}`;
  }
  return typeof value === "number" || value == null || typeof value === "boolean"
    ? String(value)
    : `of type ${typeof value}`;
}
