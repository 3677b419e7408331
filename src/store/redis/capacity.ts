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
  readonly #onMemoryFull: (full: boolean) => void;
  #timer: NodeJS.Timeout | undefined;
  #memoryIsFull = false;

  /** @param onMemoryFull called at each change */
  constructor(
    connection: Connection,
    diskIsLow: () => boolean,
    onMemoryFull: (full: boolean) => void,
  ) {
    this.#connection = connection;
    this.#diskIsLow = diskIsLow;
    this.#onMemoryFull = onMemoryFull;
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
    if (this.#diskIsLow()) return "little disk space is left in the data folder; free space there";
    if (this.#memoryIsFull)
      return "Redis has nearly used its maxmemory; process or discard messages, or raise it";
    return undefined;
  }

  async look(): Promise<void> {
    const info = await this.#connection.command((redis) => redis.info("memory"));
    const used = field(info, "used_memory");
    const max = field(info, "maxmemory");
    const isFull = max > 0 && used > Math.max(max * FULL_SHARE, max - RESERVE_BYTES);
    if (isFull === this.#memoryIsFull) return;
    this.#memoryIsFull = isFull;
    this.#onMemoryFull(isFull);
  }
}

function field(info: string, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1] ?? 0);
}
