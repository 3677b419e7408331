/** A name of a queue, in which `*` stands for any characters. Empty: every name. */
export class QueuePattern {
  readonly #parts: readonly string[];

  constructor(pattern: string) {
    this.#parts = (pattern || "*").split("*");
  }

  /** The only queue that matches; undefined: the pattern has a `*`. */
  get only(): string | undefined {
    return this.#parts.length === 1 ? this.#parts[0] : undefined;
  }

  /** What every name that matches begins with. */
  get prefix(): string {
    return this.#parts[0] ?? "";
  }

  /** A text that sorts behind all names before the first one that may match. */
  get start(): string {
    const { prefix } = this;
    if (prefix === "") return "";
    const code = prefix.charCodeAt(prefix.length - 1);
    // No name has a character behind "~".
    return `${prefix.slice(0, -1)}${String.fromCharCode(code - 1)}~`;
  }

  /** Whether no name from this one on matches, in their order. */
  isPast(name: string): boolean {
    return name > this.prefix && !name.startsWith(this.prefix);
  }

  /** Costs at most a search for each part between two `*`. */
  matches(name: string): boolean {
    const { only, prefix } = this;
    if (only !== undefined) return name === only;
    const last = this.#parts.at(-1) ?? "";
    if (!name.startsWith(prefix)) return false;
    let at = prefix.length;
    for (const part of this.#parts.slice(1, -1)) {
      const found = name.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return name.length - last.length >= at && name.endsWith(last);
  }
}

/** Returns a function that reports whether a name matches a pattern. It asks once for each name: make one for a page of names. */
export function matcherOf(patterns: readonly QueuePattern[]): (name: string) => boolean {
  const known = new Map<string, boolean>();
  return (name) => {
    const found = known.get(name) ?? patterns.some((pattern) => pattern.matches(name));
    known.set(name, found);
    return found;
  };
}
