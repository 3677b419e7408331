import { readFileSync } from "node:fs";
import type { World } from "./world.ts";

const EVERY_MS = 1_000;

/** Watches how much memory the processes of a world have: their most, over all restarts. */
export class MemoryWatch {
  /** Process -> most resident bytes. */
  readonly peaks: Record<string, number> = {};
  readonly #timer: NodeJS.Timeout;

  constructor(world: World) {
    this.#timer = setInterval(() => {
      for (const [name, pid] of Object.entries(world.pids())) {
        this.peaks[name] = Math.max(this.peaks[name] ?? 0, residentBytes(pid));
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
