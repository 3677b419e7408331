// Starts both listeners of a server on free ports. Only this file of the suite depends on their
// construction.

import type { ServiceImpl } from "@connectrpc/connect";
import { expect, onTestFinished, vi } from "vitest";
import { DlqService } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { createMetrics } from "../../src/observe/metrics.ts";
import { createListeners, type ListenersConfig } from "../../src/rpc/listeners.ts";
import { createRig, LISTENERS_CONFIG, type Rig, type RigOptions } from "../rpc/in-memory.ts";

export interface ServerOptions extends RigOptions {
  config?: Partial<ListenersConfig>;
  /** Methods that replace those of the scripted use cases; also guarded. */
  methods?: Partial<ServiceImpl<typeof DlqService>>;
}

export interface Server extends Rig {
  /** `127.0.0.1:PORT` of each listener. */
  readonly grpc: string;
  readonly http: string;
  readonly listeners: ReturnType<typeof createListeners>;
}

/** Closed when the test ends. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const { config, methods, ...rigOptions } = options;
  const metrics = createMetrics({ namespace: "", maxQueues: 10, buildInfo: {} });
  const rig = await createRig({ metrics, ...rigOptions });
  const dlq = { ...rig.services.dlq, ...wrap(rig, methods) };
  const services = { ...rig.services, dlq };
  const listeners = createListeners({
    config: { ...LISTENERS_CONFIG, ...config },
    services,
    readiness: rig.readiness,
    metrics,
    guard: rig.guard,
    log: {
      debug: () => {},
      warn: (fields, message) => rig.logged.push({ fields, message }),
    },
  });
  const { grpc, http = "" } = await listeners.start();
  onTestFinished(() => listeners.close(0));
  return { ...rig, services, grpc, http, listeners };
}

function wrap(
  rig: Rig,
  methods: ServerOptions["methods"],
): Partial<ServiceImpl<typeof DlqService>> {
  // The guard skips missing methods.
  return rig.guard.wrap(DlqService, (methods ?? {}) as ServiceImpl<typeof DlqService>);
}

/** The server's own count of calls in progress. */
export async function inProgress(server: Server): Promise<{ calls: number; streams: number }> {
  const response = await fetch(`http://${server.http}/metrics`);
  const gauges = (await response.text()).matchAll(/^dlq_streams\{.*\} (\d+)$/gm);
  const streams = [...gauges].reduce((sum, [, value]) => sum + Number(value), 0);
  return { calls: server.guard.calls.active, streams };
}

/** Waits until the server has ended every call. */
export function untilIdle(server: Server): Promise<void> {
  return vi.waitFor(async () => {
    expect(await inProgress(server)).toEqual({ calls: 0, streams: 0 });
  }, 5_000);
}
