// One sample of all figures.

import { readdirSync } from "node:fs";
import type { Redis } from "ioredis";
import { childrenOf, machineCpuMs, usageOf } from "../bench/meter.ts";
import { quantile } from "../support/quantile.ts";
import type { TestServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import type { Totals } from "./actors/protocol.ts";
import { type RedisFigures, redisFigures } from "./redis-figures.ts";

export interface Sample {
  /** Since the start of the run. */
  readonly atMs: number;
  readonly server: {
    readonly rssBytes: number;
    readonly heapBytes: number;
    /** Buffers and other memory outside the heap. */
    readonly externalBytes: number;
    readonly handles: number;
  };
  readonly redis: RedisFigures & { readonly rssBytes: number };
  /** Messages in the service, in any state, in all queues. */
  readonly stored: number;
  /** Undefined if no measurement ended since the last sample. */
  readonly latenessMs: { readonly p50: number; readonly p99: number } | undefined;
  /** CPU time so far of the soak's processes and of the machine. */
  readonly cpuMs: { readonly own: number; readonly machine: number };
  readonly totals: Totals;
  /** Worker sessions opened so far. */
  readonly sessions: number;
}

export interface Sampled {
  readonly server: TestServer;
  readonly redis: Redis;
  /** Pids of the producer and the consumer. */
  readonly actors: readonly number[];
  totals(): Totals;
  sessions(): number;
  /** Returns the sorted lateness since the last call. */
  takeLateness(): number[];
}

export async function takeSample(of: Sampled, beganAtMs: number): Promise<Sample> {
  const { server, redis } = of;
  const atMs = performance.now() - beganAtMs;
  const metrics = await until("the gauges of queues", () => readMetrics(server.httpAddress));
  const load = [process.pid, ...of.actors];
  const usage = usageOf({ server: [server.pid], redis: childrenOf(server.pid), load });
  const own = Object.values(usage).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  const late = of.takeLateness();
  return {
    atMs: Math.round(atMs),
    server: {
      rssBytes: usage.server?.rssBytes ?? 0,
      heapBytes: metrics.sum("nodejs_heap_size_used_bytes"),
      externalBytes: metrics.sum("nodejs_external_memory_bytes"),
      handles: readdirSync(`/proc/${server.pid}/fd`).length,
    },
    redis: { ...(await redisFigures(redis)), rssBytes: usage.redis?.rssBytes ?? 0 },
    stored: metrics.sum("dlq_size"),
    latenessMs:
      late.length === 0 ? undefined : { p50: quantile(late, 0.5), p99: quantile(late, 0.99) },
    cpuMs: { own, machine: machineCpuMs() },
    totals: of.totals(),
    sessions: of.sessions(),
  };
}

/** Undefined if the gauges of queues are missing: a busy store did not answer in time. @throws Error without a server */
async function readMetrics(address: string) {
  const response = await fetch(`http://${address}/metrics`, {
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  if (!/^dlq_size/m.test(text)) return undefined;
  return {
    /** Returns the sum over all labels. */
    sum(name: string): number {
      const values = [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, "gm"))];
      if (values.length === 0) throw new Error(`/metrics has no ${name}`);
      return values.reduce((sum, [, value]) => sum + Number(value), 0);
    },
  };
}

/** CPU of other programs between two samples, in percent of one core. */
export function othersPercent(first: Sample, last: Sample): number {
  const machine = last.cpuMs.machine - first.cpuMs.machine;
  const own = last.cpuMs.own - first.cpuMs.own;
  return (Math.max(0, machine - own) * 100) / (last.atMs - first.atMs);
}
