import type { EventObserver } from "../app/observer.ts";

/** A line is logged at most this often. */
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

/** State changes that were removed before they were published, since this server started. */
export class MissedChanges {
  readonly #parts: MissedChangesParts;
  #count = 0;
  #lastAtMs: number | undefined;
  /** Not logged yet. */
  #open = { changes: 0, partitions: new Set<number>() };
  #loggedAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: MissedChangesParts) {
    this.#parts = parts;
  }

  get count(): number {
    return this.#count;
  }

  /** When the last ones were found. Undefined: never. */
  get lastAtMs(): number | undefined {
    return this.#lastAtMs;
  }

  /** Each change must be added once. `log` logs it. */
  add(partition: number, changes: number): void {
    this.#count += changes;
    this.#lastAtMs = this.#parts.now();
    this.#open.changes += changes;
    this.#open.partitions.add(partition);
    this.#parts.observer.eventsMissed(changes);
  }

  /** Logs what was added since the last line, if that is a minute ago. */
  async log(): Promise<void> {
    const { changes, partitions } = this.#open;
    const nowMs = performance.now();
    if (changes === 0 || nowMs - this.#loggedAtMs < LOG_MS) return;
    this.#loggedAtMs = nowMs;
    this.#open = { changes: 0, partitions: new Set() };
    const named = [...partitions].slice(0, NAMED);
    const queues = await this.#queuesIn(named);
    this.#parts.log.warn(
      { changes, partitions: named, queues },
      "events were removed before NATS took them; consumers get events_missed",
    );
  }

  /** Counts and logs changes that were published before the store lost them. */
  async addUndone(partition: number, changes: number): Promise<void> {
    this.#parts.observer.eventsMissed(changes);
    const queues = await this.#queuesIn([partition]);
    this.#parts.log.warn(
      { changes, partition, queues },
      "Redis lost changes whose events were published; consumers get events_missed",
    );
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
