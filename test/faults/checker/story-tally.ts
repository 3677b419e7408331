import type { Counted, Kept, OutcomeKind } from "../history/event.ts";

const CRASH_LOOP = 5;

/** The counters of a queue after a story, unless the test sets others. */
export class StoryTally {
  /** Sources of existing messages. */
  readonly sources = new Set<string>();
  /** Outcome kind -> tokens for which it was applied. */
  readonly #applied = new Map<OutcomeKind, Set<string>>();
  /** Source -> the highest delivery number, and its tokens in order. */
  readonly #deliveries = new Map<string, { number: number; readonly tokens: string[] }>();
  /** Tokens with an applied or unanswered outcome. */
  readonly #acked = new Set<string>();

  delivered(source: string, number: number, token: string): void {
    this.sources.add(source);
    const known = this.#deliveries.get(source) ?? { number, tokens: [] };
    known.number = Math.max(known.number, number);
    known.tokens.push(token);
    this.#deliveries.set(source, known);
  }

  acked(token: string, outcome: OutcomeKind, isApplied: boolean): void {
    this.#acked.add(token);
    if (!isApplied) return;
    const tokens = this.#applied.get(outcome) ?? new Set();
    this.#applied.set(outcome, tokens.add(token));
  }

  /** The number of the latest delivery. */
  numberOf(source: string): number {
    return this.#deliveries.get(source)?.number ?? 0;
  }

  counted(queue: string, kept: readonly Kept[]): Counted {
    const applied = (kind: OutcomeKind) => this.#applied.get(kind)?.size ?? 0;
    const discarded = applied("discarded");
    const numbers = new Map([...this.#deliveries].map(([source, { number }]) => [source, number]));
    for (const { source, number } of kept) numbers.set(source, number);
    const accepted = this.sources.size;
    return {
      e: "counted",
      queue,
      accepted,
      duplicates: 0,
      succeeded: accepted - kept.length - discarded,
      discarded,
      expired: 0,
      purged: 0,
      undeleted: 0,
      movedOut: 0,
      movedIn: 0,
      deliveries: [...numbers.values()].reduce((sum, number) => sum + number, 0),
      leaseExpiries: this.#expiries(kept),
      failedAttempts: applied("failed"),
      released: applied("released"),
      openBreakers: 0,
      broken: [],
    };
  }

  /** Deliveries without an outcome that were followed by another one, or by quarantine as a crash loop. */
  #expiries(kept: readonly Kept[]): number {
    const loops = new Set(
      kept.filter((one) => one.quarantineReason === "CRASH_LOOP").map(({ source }) => source),
    );
    const others = [...this.#deliveries].filter(([source]) => !loops.has(source));
    const expired = others.flatMap(([, { tokens }]) => tokens.slice(0, -1));
    return expired.filter((token) => !this.#acked.has(token)).length + loops.size * CRASH_LOOP;
  }
}
