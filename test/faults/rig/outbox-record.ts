import type { Redis } from "ioredis";
import { eventsOfChange } from "../../../src/app/events/events-of-change.ts";
import { formatMessageId } from "../../../src/core/message-id.ts";
import { globalKeys, partitionKeys } from "../../../src/store/redis/keys.ts";
import { decodeEntry, type StreamEntry } from "../../../src/store/redis/outbox-entries.ts";
import { PARTITIONS } from "../../../src/store/redis/partitions.ts";
import type { Acted, BreakerOpened } from "../history/event.ts";
import type { Happened } from "../history/published.ts";
import { actedIn } from "./job-acts.ts";

const PREFIX = "dlq";
const HISTORY = globalKeys(PREFIX).history;
const EVERY_MS = 50;
/** Entries of a partition in one step. */
const PAGE = 500;

interface End {
  entryId: string;
  /** The number of the next change. */
  next: number;
}

/**
 * Reads the outboxes of all partitions directly from Redis while they are written, since the oldest changes are removed.
 * It begins at their beginning.
 */
export class OutboxRecord {
  readonly happened: Happened[] = [];
  readonly openings: BreakerOpened[] = [];
  readonly acted: Acted[] = [];
  /** What is wrong with the record itself, so that it proves nothing. */
  readonly problems: string[] = [];
  readonly #redis: Redis;
  readonly #keys = Array.from(
    { length: PARTITIONS },
    (_, partition) => partitionKeys(PREFIX, partition).outbox,
  );
  readonly #ends: readonly End[] = this.#keys.map(() => ({ entryId: "0-0", next: 0 }));
  readonly #timer: NodeJS.Timeout;
  #storeId = "";
  #reading: Promise<void> = Promise.resolve();
  #isReading = false;

  /** Closes the connection at its end. */
  constructor(redis: Redis) {
    this.#redis = redis;
    // Redis may be down: the next step reads on.
    this.#timer = setInterval(() => {
      if (!this.#isReading) this.upToNow().catch(() => {});
    }, EVERY_MS);
  }

  /** Resolves when all that is in Redis now is recorded. */
  upToNow(): Promise<void> {
    this.#isReading = true;
    const reading = this.#reading.catch(() => {}).then(() => this.#readAll());
    this.#reading = reading.finally(() => {
      this.#isReading = false;
    });
    this.#reading.catch(() => {});
    return reading;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#redis.disconnect();
  }

  async #readAll(): Promise<void> {
    for (let found = -1; found !== 0; ) {
      const ids = this.#ends.map(({ entryId }) => entryId);
      const args = ["COUNT", PAGE, "STREAMS", ...this.#keys, ...ids];
      const reply = (await this.#redis.callBuffer("XREAD", args)) as
        | [Buffer, StreamEntry[]][]
        | null;
      found = 0;
      if (reply !== null) this.#storeId ||= (await this.#redis.hget(HISTORY, "store")) ?? "";
      for (const [key, entries] of reply ?? []) {
        const partition = this.#keys.indexOf(String(key));
        for (const entry of entries) this.#take(partition, entry);
        found += entries.length;
      }
    }
  }

  #take(partition: number, stored: StreamEntry): void {
    const end = this.#ends[partition] as End;
    const entry = decodeEntry(stored, partition);
    if (entry === undefined) throw new Error(`partition ${partition} has an unknown entry`);
    if (entry.first !== end.next) {
      const words = `the outbox of partition ${partition} removed ${entry.first - end.next} changes`;
      this.problems.push(`${words} before they were recorded`);
    }
    end.entryId = entry.id;
    end.next = entry.first + entry.changes.length;
    for (const change of entry.changes) {
      const { queue, epochMs: epoch, number, atMs: at, version } = change;
      for (const { id, type, messageId: message } of eventsOfChange(change, this.#storeId)) {
        this.happened.push({ id, type, queue, message, version, partition, epoch, number, at });
      }
      const acted = actedIn({
        ...{ at, queue, note: change.note, number: change.deliveryNumber },
        ...{ kind: change.kind?.toLowerCase() ?? "", id: formatMessageId(change.id) },
      });
      if (acted !== undefined) this.acted.push(acted);
      if (change.kind === "BREAKER_OPENED") {
        this.openings.push({ e: "breaker", at, queue, key: change.note });
      }
    }
  }
}
