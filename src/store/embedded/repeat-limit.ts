// Lets the same log line through once a minute.

const REPEAT_MS = 60_000;

export class RepeatLimit {
  readonly #now: () => number;
  readonly #untilMs = new Map<string, number>();

  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** Whether the line is new, or its last time is a minute ago. */
  allows(line: string): boolean {
    const nowMs = this.#now();
    for (const [one, untilMs] of this.#untilMs) if (untilMs <= nowMs) this.#untilMs.delete(one);
    if (this.#untilMs.has(line)) return false;
    this.#untilMs.set(line, nowMs + REPEAT_MS);
    return true;
  }
}
