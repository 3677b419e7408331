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
  readonly #message: string;
  #changes = 0;
  #partitions = new Set<number>();
  #loggedAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: MissedChangesParts, message: string) {
    this.#parts = parts;
    this.#message = message;
  }

  add(partition: number, changes: number): void {
    this.#changes += changes;
    this.#partitions.add(partition);
    this.#parts.observer.eventsMissed(changes);
  }

  /** Logs what was added since the last line, if that is a minute ago. */
  async log(): Promise<void> {
    const nowMs = performance.now();
    if (this.#changes === 0 || nowMs - this.#loggedAtMs < LOG_MS) return;
    this.#loggedAtMs = nowMs;
    const [changes, partitions] = [this.#changes, [...this.#partitions].slice(0, NAMED)];
    [this.#changes, this.#partitions] = [0, new Set()];
    const queues = await this.#queuesIn(partitions);
    this.#parts.log.warn({ changes, partitions, queues }, this.#message);
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
    const consumers = "consumers get events_missed";
    this.#missed = new Unlogged(parts, `events were removed before NATS took them; ${consumers}`);
    this.#undone = new Unlogged(
      parts,
      `Redis lost changes whose events were published; ${consumers}`,
    );
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
    await this.#missed.log();
    await this.#undone.log();
  }
}
