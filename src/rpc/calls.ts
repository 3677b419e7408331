/** Calls in progress, so that a server that stops can wait for them. */
export class Calls {
  #active = 0;
  readonly #waiting = new Set<() => void>();

  /** Unary calls only: streams end by their own frame, or when they are cut. */
  get active(): number {
    return this.#active;
  }

  begin(): void {
    this.#active += 1;
  }

  end(): void {
    this.#active -= 1;
    if (this.#active > 0) return;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** When no call is in progress; at once if none is. */
  async idle(): Promise<void> {
    if (this.#active === 0) return;
    await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }
}
