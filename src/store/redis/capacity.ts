import type { Connection } from "./connection.ts";

/** Sends stop at this share of `maxmemory`; the rest is for acks, leases and the journal. */
const FULL_SHARE = 0.95;
/** And where that share is large, when less than this is left. */
const RESERVE_BYTES = 256 * 1024 * 1024;
const LOOK_EVERY_MS = 1000;

/**
 * Whether there is room for more messages. Redis would refuse by itself at `maxmemory`, but then
 * nothing would be left for the writes that free memory; so sends stop before.
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

  /** Why sends are refused at present, in words; undefined: they are not. */
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
