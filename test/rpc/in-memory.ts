import {
  type Client,
  ConnectError,
  createClient,
  createRouterTransport,
} from "@connectrpc/connect";
import { DlqService } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { BadRequestSchema, ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import type { ServerInfo } from "../../src/app/server-info.ts";
import type { SimulateCommand } from "../../src/app/simulate.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import { NO_METRICS } from "../../src/observe/metrics.ts";
import { Credentials } from "../../src/rpc/credentials.ts";
import { createGuard, type GuardOptions } from "../../src/rpc/guard.ts";
import type { Readiness } from "../../src/rpc/health.ts";
import type { ListenersConfig } from "../../src/rpc/listeners.ts";
import { registerServices } from "../../src/rpc/methods.ts";
import { readDescriptorSet } from "../../src/rpc/reflection.ts";
import { createServices } from "../../src/rpc/services.ts";
import { StreamQueues } from "../../src/rpc/stream-queues.ts";
import { ScriptedDeleted } from "./scripted-deleted.ts";
import { ScriptedDeliveryBlocks } from "./scripted-delivery-blocks.ts";
import { ScriptedDlq } from "./scripted-dlq.ts";
import { ScriptedGroups } from "./scripted-groups.ts";
import { ScriptedJobs } from "./scripted-jobs.ts";
import { ScriptedMessages } from "./scripted-messages.ts";
import { ScriptedQueues } from "./scripted-queues.ts";
import { ScriptedRules } from "./scripted-rules.ts";
import { SIMULATION } from "./scripted-simulation.ts";
import { ScriptedWatches } from "./scripted-watches.ts";
import { ScriptedWorkers } from "./scripted-workers.ts";

/** The default wall clock of tests. */
export const NOW_MS = 1_700_000_000_000;

const LOOPBACK = { host: "127.0.0.1", port: 0 };

/** Both listeners on free ports, without TLS, compression and maximum age; else the defaults. */
export const LISTENERS_CONFIG: ListenersConfig = {
  listenGrpc: LOOPBACK,
  listenHttp: LOOPBACK,
  tls: undefined,
  compressMinBytes: 0,
  maxConnectionAgeMs: 0,
  metricsAccess: SETTINGS.metricsAccess.fallback,
  maxConnections: SETTINGS.maxConnections.fallback,
  httpHosts: SETTINGS.httpHosts.fallback,
  httpOrigins: SETTINGS.httpOrigins.fallback,
  requestMemoryBytes: SETTINGS.requestMemoryBytes.fallback,
};

export class SettableReadiness implements Readiness {
  readonly #listeners = new Set<() => void>();
  #state: "SERVING" | "NOT_SERVING" = "SERVING";

  get listeners(): number {
    return this.#listeners.size;
  }

  state(): "SERVING" | "NOT_SERVING" {
    return this.#state;
  }

  set(state: "SERVING" | "NOT_SERVING"): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export const SERVER_INFO: ServerInfo = {
  ...{ version: "1.2.3", startedAtMs: 1_000, nowMs: 5_000, embedded: true },
  nats: {
    ...{ servers: ["n:4222"], stream: "DLQ", error: undefined },
    warnings: ["stream DLQ can lose events"],
    backlog: { bytes: 5, sinceMs: 2_000, limitBytes: 10 },
    missed: { changes: 3, lastAtMs: 3_000 },
  },
  store: {
    ...{ version: "7.2.4", nowMs: 4_000, usedMemoryBytes: 10, maxMemoryBytes: 20, replicas: 1 },
    settings: { appendonly: "yes" },
    warnings: ["Redis has no maxmemory"],
    server: "s-2",
    servers: ["s-2", "s-1"],
  },
};

export interface Rig {
  dlq: ScriptedDlq;
  queues: ScriptedQueues;
  workers: ScriptedWorkers;
  messages: ScriptedMessages;
  groups: ScriptedGroups;
  deliveryBlocks: ScriptedDeliveryBlocks;
  jobs: ScriptedJobs;
  deleted: ScriptedDeleted;
  rules: ScriptedRules;
  /** Received commands; the result is always the same. */
  simulated: SimulateCommand[];
  watched: ScriptedWatches;
  readiness: SettableReadiness;
  /** Lines of the guard and of calls. */
  logged: { fields: { errorId?: string }; message: string }[];
  credentials: Credentials;
  guard: ReturnType<typeof createGuard>;
  services: ReturnType<typeof createServices>;
}

export interface RigOptions extends Partial<GuardOptions> {
  /** Entries of the setting `tokens`. Default: calls need none. */
  tokens?: readonly string[];
  payloadMaxBytes?: number;
  maxStreamQueues?: number;
}

/** The whole service over scripted use cases, without a socket. */
export async function createRig(options: RigOptions = {}): Promise<Rig> {
  const dlq = new ScriptedDlq();
  const queues = new ScriptedQueues();
  const workers = new ScriptedWorkers();
  const messages = new ScriptedMessages();
  const groups = new ScriptedGroups();
  const deliveryBlocks = new ScriptedDeliveryBlocks();
  const jobs = new ScriptedJobs();
  const deleted = new ScriptedDeleted();
  const rules = new ScriptedRules();
  const simulated: SimulateCommand[] = [];
  const watched = new ScriptedWatches();
  const readiness = new SettableReadiness();
  const logged: Rig["logged"] = [];
  const credentials = credentialsOf(options.tokens);
  const write = (fields: object, message: string) => void logged.push({ fields, message });
  const log = { error: write, warn: write, info: write };
  const guard = createGuard({ credentials, metrics: NO_METRICS, log, ...options });
  const services = createServices({
    dlq,
    messages,
    groups,
    queues,
    workers,
    deliveryBlocks,
    jobs,
    deleted,
    rules,
    async simulate(command) {
      simulated.push(command);
      return SIMULATION;
    },
    serverInfo: async () => SERVER_INFO,
    events: watched.events,
    watchMessages: watched.messages,
    draining: watched.draining.signal,
    guard,
    log,
    readiness,
    descriptorSet: await readDescriptorSet(),
    payloadMaxBytes: options.payloadMaxBytes ?? 1024 * 1024,
    drainGraceMs: 25_000,
    streamQueues: new StreamQueues(options.maxStreamQueues ?? 10_000),
    maxWatches: 2_000,
    now: () => NOW_MS,
  });
  return {
    dlq,
    messages,
    groups,
    queues,
    workers,
    deliveryBlocks,
    jobs,
    deleted,
    rules,
    simulated,
    watched,
    readiness,
    logged,
    credentials,
    guard,
    services,
  };
}

/** Without checking that tokens are long enough. */
function credentialsOf(tokens: readonly string[] = []): Credentials {
  const given = tokens.map((token) => ({ name: undefined, secret: { text: token } }));
  return new Credentials(given.length === 0 ? undefined : given);
}

export function transportOf(rig: Rig) {
  return createRouterTransport((router) => registerServices(router, rig.services));
}

export function clientOf(rig: Rig): Client<typeof DlqService> {
  return createClient(DlqService, transportOf(rig));
}

/** The error of a call that must fail. */
export async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  try {
    await call;
  } catch (error) {
    return ConnectError.from(error);
  }
  throw new Error("the call succeeded");
}

export function violationsOf(error: ConnectError): { field: string; description: string }[] {
  return error
    .findDetails(BadRequestSchema)
    .flatMap((one) =>
      one.fieldViolations.map(({ field, description }) => ({ field, description })),
    );
}

export function reasonOf(error: ConnectError): string | undefined {
  return error.findDetails(ErrorInfoSchema)[0]?.reason;
}
