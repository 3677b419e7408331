// Figures of another process, from /proc and from its own metrics.

import { readdirSync, readFileSync } from "node:fs";

/** Memory in RAM. */
export function rssMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
  return Number(kib ?? Number.NaN) / 1024;
}

/** CPU time of all its threads, exact where ticks of 10 ms are not. 0: it has ended. */
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

/** What a server holds at one moment. */
export interface Holdings {
  /** Open file handles: connections are among them. */
  readonly handles: number;
  /** TCP connections. */
  readonly sockets: number;
  /** Timers that keep the process alive: each HTTP/2 connection has one. */
  readonly timers: number;
  /** Streams of all methods. */
  readonly streams: number;
}

export async function holdingsOf(pid: number, httpAddress: string): Promise<Holdings> {
  const metrics = await readMetrics(httpAddress);
  return {
    handles: readdirSync(`/proc/${pid}/fd`).length,
    sockets: sampleOf(metrics, 'nodejs_active_resources{type="TCPSocketWrap"}'),
    timers: sampleOf(metrics, 'nodejs_active_resources{type="Timeout"}'),
    streams: [...metrics.matchAll(/^dlq_streams\{.*\} (\d+)$/gm)].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    ),
  };
}

/** The longest that the event loop was held up since this was last asked. */
export async function loopHeldUpMs(httpAddress: string): Promise<number> {
  return sampleOf(await readMetrics(httpAddress), "nodejs_eventloop_lag_max_seconds") * 1_000;
}

async function readMetrics(httpAddress: string): Promise<string> {
  const headers = { connection: "close" };
  const answer = await fetch(`http://${httpAddress}/metrics`, { headers });
  return await answer.text();
}

function sampleOf(metrics: string, name: string): number {
  const line = metrics.split("\n").find((one) => one.startsWith(`${name} `));
  return line === undefined ? 0 : Number(line.slice(name.length + 1));
}

/** Follows the memory of a process, and remembers the most. */
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
        clearInterval(this.#timer); // it has ended, as others will say
      }
    }, everyMs);
  }

  end(): number {
    clearInterval(this.#timer);
    return this.#mostMiB;
  }
}
