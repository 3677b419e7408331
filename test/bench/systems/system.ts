import type { LoadProcess } from "../load/load-process.ts";
import type { Role } from "../meter.ts";

/** System and durability. */
export type SystemName =
  | `${"dlq" | "dlq-2" | "bullmq" | "asynq"}:${"always" | "everysec"}`
  /** This service with events to core NATS, or to a stream of JetStream. */
  | `dlq:always+${"nats" | "stream"}`
  | `jetstream:${"always" | "default"}`
  | `noop:${"grpc-js" | "connect" | "http2"}`;

/** The language of a load process of this service. `node` also has plain stubs. */
export type LoadProgram = "node" | "python-threads" | "python-asyncio" | BuiltLanguage;
/** Languages whose agent is the load process. An agent has only the client. */
export type BuiltLanguage = "go" | "java" | "rust";

export const FSYNCS = ["always", "everysec"] as const;
export type Fsync = (typeof FSYNCS)[number];

export interface RunningSystem {
  readonly name: SystemName;
  /** Role -> pids, without the load. */
  pids(): Partial<Record<Role, readonly number[]>>;
  /** `host:port` of each gRPC server. */
  readonly grpcAddresses: readonly string[];
  /** Starts another load process, which `stop` ends. Other systems than this service have only one program. */
  startLoad(program?: LoadProgram): LoadProcess;
  /** Load processes so far. */
  readonly loads: readonly LoadProcess[];
  /** Runs redis-cli. Rejects if the system has no Redis. */
  redis(...words: readonly string[]): Promise<string>;
  /** Resolves when what follows earlier work is done, such as publishing its events. Undefined: nothing follows. */
  settled?(): Promise<void>;
  /** The last output of its servers, for the error of a failed row. */
  output?(): string;
  /** Ends all processes in any state, and removes their data. */
  stop(): Promise<void>;
}

/** Ends the loads first, then the rest, also if some fail. */
export async function endAll(
  loads: readonly LoadProcess[],
  rest: readonly (() => Promise<void>)[],
): Promise<void> {
  await Promise.allSettled(loads.map((load) => load.end()));
  const ends = await Promise.allSettled(rest.map((end) => end()));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

export function noRedis(name: SystemName): () => Promise<string> {
  return () => Promise.reject(new Error(`${name} has no Redis`));
}
