import type { LoadProcess } from "../load/load-process.ts";
import type { Role } from "../meter.ts";

/** Which system, and how durable it is. */
export type SystemName =
  | `${"dlq" | "dlq-2" | "bullmq" | "asynq"}:${"always" | "everysec"}`
  | `jetstream:${"always" | "default"}`
  | `noop:${"grpc-js" | "connect" | "http2"}`;

/** What a load process of this service is written in; `node` has bare stubs, too. */
export type LoadProgram = "node" | "python-threads" | "python-asyncio" | BuiltLanguage;
/** By the agent of its language, which has the client only. */
export type BuiltLanguage = "go" | "java" | "rust";

export const FSYNCS = ["always", "everysec"] as const;
export type Fsync = (typeof FSYNCS)[number];

export interface RunningSystem {
  readonly name: SystemName;
  /** Processes by role, without those of the load. */
  pids(): Partial<Record<Role, readonly number[]>>;
  /** `host:port` of each gRPC server. */
  readonly grpcAddresses: readonly string[];
  /** Starts one more load process; `stop` ends it. Other systems than this service have one program only. */
  startLoad(program?: LoadProgram): LoadProcess;
  /** Load processes so far. */
  readonly loads: readonly LoadProcess[];
  /** Runs redis-cli. Rejects where there is no Redis. */
  redis(...words: readonly string[]): Promise<string>;
  /** What its servers have written last: for the words of a failed row. */
  output?(): string;
  /** Ends all processes, whatever state they are in, and removes their data. */
  stop(): Promise<void>;
}

/** Ends loads first, then the rest; one that fails does not keep the others. */
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
