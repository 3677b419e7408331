import { storeFull } from "../../core/errors.ts";
import type { Connection } from "./connection.ts";
import type { RedisStoreOptions } from "./redis-store-options.ts";
import { evictionWarning } from "./server-check.ts";

/** Sends stop at this share of `maxmemory`; the rest is for acks, leases and outboxes. */
const FULL_SHARE = 0.95;
/** With a large `maxmemory`: sends stop when less than this is left. */
const RESERVE_BYTES = 256 * 1024 * 1024;
const CHECK_EVERY_MS = 1000;
/** Deleted messages are erased before sends stop: from this share of `maxmemory` before that, but not from more than these bytes. */
const ERASE_SHARE = 0.05;
const ERASE_BEFORE_BYTES = 64 * 1024 * 1024;
/** Most bytes that one check erases. */
const ERASED_A_CHECK = 64 * 1024 * 1024;

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
  #isErasing = false;
  /** Erases deleted messages of about so many bytes. */
  makeRoom: (bytes: number) => Promise<unknown> = async () => {};
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
    const fullFrom = Math.max(max * FULL_SHARE, max - RESERVE_BYTES);
    const isFull = max > 0 && used > fullFrom;
    const eraseFrom = fullFrom - Math.min(max * ERASE_SHARE, ERASE_BEFORE_BYTES);
    if (max > 0 && used > eraseFrom) this.#erase(used - eraseFrom);
    if (isFull === this.#memoryIsFull) return;
    this.#memoryIsFull = isFull;
    this.#options.onMemoryFull?.(isFull);
  }

  /** If it fails, the next check tries again. */
  #erase(bytes: number): void {
    if (this.#isErasing) return;
    this.#isErasing = true;
    this.makeRoom(Math.min(bytes, ERASED_A_CHECK))
      .catch(() => {})
      .finally(() => {
        this.#isErasing = false;
      });
  }
}

function field(info: string, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1] ?? 0);
}
