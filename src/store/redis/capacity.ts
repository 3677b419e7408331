import type { Connection } from "./connection.ts";

/** Sends stop at this share of `maxmemory`; the rest is for acks, leases and the journal. */
const FULL_SHARE = 0.95;
/** With a large `maxmemory`: sends stop when less than this is left. */
const RESERVE_BYTES = 256 * 1024 * 1024;
const LOOK_EVERY_MS = 1000;

/**
 * Reports whether there is room for more messages. Redis itself refuses writes at `maxmemory`; sends stop before, so that
 * room is left for the writes that free memory.
 */
export class Capacity {
  readonly #connection: Connection;
  readonly #diskIsLow: () => boolean;
  #timer: NodeJS.Timeout | undefined;
  #memoryIsFull = false;

  constructor(connection: Connection, diskIsLow: () => boolean) {
    this.#connection = connection;
    this.#diskIsLow = diskIsLow;
  }

  start(): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => {
      this.look().catch(() => {});
    }, LOOK_EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Why sends are refused now; undefined: they are not. */
  get full(): string | undefined {
    if (this.#diskIsLow()) return "little disk space is left in the data folder";
    if (this.#memoryIsFull) return "Redis has nearly used its maxmemory";
    return undefined;
  }

  async look(): Promise<void> {
    const info = await this.#connection.command((redis) => redis.info("memory"));
    const used = field(info, "used_memory");
    const max = field(info, "maxmemory");
    this.#memoryIsFull = max > 0 && used > Math.max(max * FULL_SHARE, max - RESERVE_BYTES);
  }
}

function field(info: string, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1] ?? 0);
}
