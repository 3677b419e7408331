import { storeFull } from "../../core/errors.ts";
import type { Connection } from "./connection.ts";
import type { RedisStoreOptions } from "./redis-store-options.ts";
import { evictionWarning } from "./server-check.ts";

/** Sends stop at this share of `maxmemory`; the rest is for acks, leases and outboxes. */
const FULL_SHARE = 0.95;
/** With a large `maxmemory`: sends stop when less than this is left. */
const RESERVE_BYTES = 256 * 1024 * 1024;
const CHECK_EVERY_MS = 1000;

export type CapacityOptions = Pick<RedisStoreOptions, "diskIsLow" | "onMemoryFull" | "onEviction">;

/**
 * Reports whether there is room for more messages. Redis itself refuses writes at `maxmemory`; sends stop before, so that
 * room is left for the writes that free memory.
 */
export class Capacity {
  readonly #connection: Connection;
  readonly #options: CapacityOptions;
  #timer: NodeJS.Timeout | undefined;
  #memoryIsFull = false;
  #eviction: string | undefined;
  /** What Redis may use; infinite: it has no limit. */
  maxMemoryBytes = Number.POSITIVE_INFINITY;

  constructor(connection: Connection, options: CapacityOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  start(): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => {
      this.check().catch(() => {});
    }, CHECK_EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Why sends are refused now; undefined: they are not. */
  get full(): string | undefined {
    if (this.#options.diskIsLow?.())
      return "little disk space is left in the data folder; free space there";
    if (this.#memoryIsFull)
      return "Redis has nearly used its maxmemory; process or discard messages, or raise it";
    return undefined;
  }

  /** Throws STORE_FULL if there is no room. */
  requireRoom(): void {
    const why = this.full;
    if (why !== undefined) throw storeFull(1000, why);
  }

  /** That Redis drops keys when its memory is full, and what to do; undefined: it drops none. */
  get eviction(): string | undefined {
    return this.#eviction;
  }

  /** Reads memory use and eviction policy; calls the listeners if they have changed. `isWarned`: the caller reports eviction itself. */
  async check(isWarned = false): Promise<void> {
    const info = await this.#connection.command((redis) => redis.info("memory"));
    const eviction = evictionWarning(info);
    const changed = eviction !== this.#eviction;
    this.#eviction = eviction;
    if (changed && !(isWarned && eviction !== undefined)) this.#options.onEviction?.(eviction);
    const used = field(info, "used_memory");
    const max = field(info, "maxmemory");
    this.maxMemoryBytes = max > 0 ? max : Number.POSITIVE_INFINITY;
    const isFull = max > 0 && used > Math.max(max * FULL_SHARE, max - RESERVE_BYTES);
    if (isFull === this.#memoryIsFull) return;
    this.#memoryIsFull = isFull;
    this.#options.onMemoryFull?.(isFull);
  }
}

function field(info: string, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1] ?? 0);
}
