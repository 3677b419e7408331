import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";

const EVERY_MS = 1_000;

/** Process or group of processes -> pids. */
export type Watched = Readonly<Record<string, number | readonly number[]>>;

/** Measures the peak memory of processes, across restarts. */
export class MemoryWatch {
  /** Name -> peak of resident bytes of one process. */
  readonly peaks: Record<string, number> = {};
  readonly #timer: NodeJS.Timeout;

  /** @param pids returns the running processes */
  constructor(pids: () => Watched) {
    this.#timer = setInterval(() => {
      for (const [name, some] of Object.entries(pids())) {
        const bytes = [some].flat().map(residentBytes);
        this.peaks[name] = Math.max(this.peaks[name] ?? 0, ...bytes);
      }
    }, EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

const STORE_EVERY_MS = 2_000;
/** Figures of `INFO memory` that tell data, buffers and unused memory apart. */
const STORE_FIGURES = [
  "used_memory",
  "used_memory_rss",
  "used_memory_dataset",
  "mem_clients_normal",
  "mem_aof_buffer",
  "allocator_frag_bytes",
  "allocator_rss_bytes",
];

/** Keeps what the store says of its memory when it uses most. */
export class StoreMemoryWatch {
  /** Name of the figure -> bytes. Empty if the store never answered. */
  peak: Readonly<Record<string, number>> = {};
  readonly #redis: Redis;
  readonly #timer: NodeJS.Timeout;
  #isAsking = false;

  /** Closes the connection at its end. */
  constructor(redis: Redis) {
    this.#redis = redis;
    this.#timer = setInterval(() => void this.#ask(), STORE_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#redis.disconnect();
  }

  async #ask(): Promise<void> {
    if (this.#isAsking) return; // the store is down
    this.#isAsking = true;
    const text = await this.#redis.info("memory").catch(() => "");
    this.#isAsking = false;
    const figures = Object.fromEntries(
      STORE_FIGURES.map((name) => [
        name,
        Number(new RegExp(`^${name}:(\\d+)`, "m").exec(text)?.[1] ?? 0),
      ]),
    );
    const used = (all: Readonly<Record<string, number>>) => all["used_memory"] ?? 0;
    if (used(figures) > used(this.peak)) this.peak = figures;
  }
}

function residentBytes(pid: number): number {
  try {
    const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kib ?? 0) * 1024;
  } catch {
    return 0; // it has just ended
  }
}
