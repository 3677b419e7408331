// Figures of another process, from /proc and its metrics.

import { readdirSync, readFileSync } from "node:fs";

/** Memory in RAM. */
export function rssMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
  if (kib === undefined) throw new Error(`process ${pid} has ended`);
  return Number(kib) / 1024;
}

/** CPU time of all its threads, more precise than ticks of 10 ms. 0 if it has ended. */
export function cpuMs(pid: number): number {
  let ns = 0;
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1").split(" ")[0]);
    }
  } catch {
    return 0;
  }
  return ns / 1e6;
}

/** How long the thread of the event loop ran, and how long it waited for a core, ms. */
export function turnsOf(pid: number): { readonly ranMs: number; readonly waitedMs: number } {
  const words = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "latin1").split(" ");
  return { ranMs: Number(words[0]) / 1e6, waitedMs: Number(words[1]) / 1e6 };
}

/** Resources that a server holds. */
export interface Holdings {
  /** Open file handles, including connections. */
  readonly handles: number;
  /** TCP connections. */
  readonly sockets: number;
  /** Timers that keep the process alive: each HTTP/2 connection has one. */
  readonly timers: number;
  /** Streams of all methods. */
  readonly streams: number;
}

export async function holdingsOf(pid: number, httpAddress: string): Promise<Holdings> {
  return {
    handles: readdirSync(`/proc/${pid}/fd`).length,
    ...samplesOf(await readMetrics(httpAddress)),
  };
}

async function readMetrics(httpAddress: string): Promise<string> {
  const headers = { connection: "close" };
  const answer = await fetch(`http://${httpAddress}/metrics`, { headers });
  return await answer.text();
}

/** @throws Error if a metric is missing, for example because it was renamed */
export function samplesOf(metrics: string): Omit<Holdings, "handles"> {
  return {
    sockets: sampleOf(metrics, 'nodejs_active_resources{type="TCPSocketWrap"}'),
    timers: sampleOf(metrics, 'nodejs_active_resources{type="Timeout"}'),
    streams: sumOf(metrics, "dlq_streams"),
  };
}

function sampleOf(metrics: string, name: string): number {
  const line = metrics.split("\n").find((one) => one.startsWith(`${name} `));
  if (line === undefined) throw new Error(`the server has no metric ${name}`);
  return Number(line.slice(name.length + 1));
}

/** Returns the sum over all labels. A gauge that was never set has a type, but no sample. */
function sumOf(metrics: string, name: string): number {
  const lines = metrics.split("\n");
  if (!lines.includes(`# TYPE ${name} gauge`)) throw new Error(`the server has no metric ${name}`);
  return lines
    .filter((line) => line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

/** Measures the peak memory of a process. */
export class MemoryPeak {
  readonly beforeMiB: number;
  #mostMiB: number;
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number, everyMs = 20) {
    this.beforeMiB = rssMiB(pid);
    this.#mostMiB = this.beforeMiB;
    this.#timer = setInterval(() => {
      try {
        this.#mostMiB = Math.max(this.#mostMiB, rssMiB(pid));
      } catch {
        clearInterval(this.#timer); // it has ended, which is reported elsewhere
      }
    }, everyMs);
  }

  end(): number {
    clearInterval(this.#timer);
    return this.#mostMiB;
  }
}
