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
