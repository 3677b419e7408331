import type { EventObserver } from "../app/observer.ts";

/** A line of a kind is logged at most this often. */
const LOG_MS = 60_000;
/** Queues and partitions that a line names. */
const NAMED = 10;

interface MissedChangesParts {
  observer: Pick<EventObserver, "eventsMissed">;
  log: { warn(facts: object, message: string): void };
  /** The queues whose events may be missing. */
  queuesIn(partition: number): Promise<readonly string[]>;
  /** The wall clock of this server. */
  now(): number;
}

/** Changes that are not logged yet. */
class Unlogged {
  readonly #parts: MissedChangesParts;
  #changes = 0;
  #partitions = new Set<number>();
  #loggedAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: MissedChangesParts) {
    this.#parts = parts;
  }

  add(partition: number, changes: number): void {
    this.#changes += changes;
    this.#partitions.add(partition);
    this.#parts.observer.eventsMissed(changes);
  }

  /**
   * Takes what a line says of what was added since the last one. Undefined: nothing was, or the last one was less than a minute
   * ago, unless it must come now.
   */
  async take(isNow = false): Promise<object | undefined> {
    const nowMs = performance.now();
    if (this.#changes === 0) return undefined;
    if (!isNow && nowMs - this.#loggedAtMs < LOG_MS) return undefined;
    this.#loggedAtMs = nowMs;
    const [changes, partitions] = [this.#changes, [...this.#partitions].slice(0, NAMED)];
    [this.#changes, this.#partitions] = [0, new Set()];
    return { changes, partitions, queues: await this.#queuesIn(partitions) };
  }

  async #queuesIn(partitions: readonly number[]): Promise<readonly string[]> {
    const found: string[] = [];
    for (const partition of partitions) {
      if (found.length >= NAMED) break;
      found.push(...(await this.#parts.queuesIn(partition).catch(() => [])));
    }
    return found.slice(0, NAMED);
  }
}

/** State changes whose events consumers did not get, or that are undone, since this server started. Add each once. */
export class MissedChanges {
  readonly #parts: MissedChangesParts;
  readonly #missed: Unlogged;
  readonly #undone: Unlogged;
  #count = 0;
  #lastAtMs: number | undefined;

  constructor(parts: MissedChangesParts) {
    this.#parts = parts;
    this.#missed = new Unlogged(parts);
    this.#undone = new Unlogged(parts);
  }

  /** Those that were removed before they were published. */
  get count(): number {
    return this.#count;
  }

  /** When the last one of these was found. Undefined: never. */
  get lastAtMs(): number | undefined {
    return this.#lastAtMs;
  }

  /** Counts changes that were removed before they were published. */
  add(partition: number, changes: number): void {
    this.#count += changes;
    this.#lastAtMs = this.#parts.now();
    this.#missed.add(partition, changes);
  }

  /** Counts changes that were published before the store lost them. */
  addUndone(partition: number, changes: number): void {
    this.#undone.add(partition, changes);
  }

  /** Logs what was added, each kind at most once a minute. */
  async log(): Promise<void> {
    this.#logRemoved(await this.#missed.take());
    const undone = await this.#undone.take();
    if (undone !== undefined) {
      this.#parts.log.warn(
        undone,
        "Redis lost changes whose events were published; consumers get events_missed",
      );
    }
  }

  /** Logs what was removed before it was published and is not logged yet, also within the minute. */
  async logMissed(): Promise<void> {
    this.#logRemoved(await this.#missed.take(true));
  }

  #logRemoved(facts: object | undefined): void {
    if (facts === undefined) return;
    const message = "events were removed before NATS took them; consumers get events_missed";
    this.#parts.log.warn(facts, message);
  }
}
