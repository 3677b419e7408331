import { readFileSync } from "node:fs";

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

function residentBytes(pid: number): number {
  try {
    const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kib ?? 0) * 1024;
  } catch {
    return 0; // it has just ended
  }
}
