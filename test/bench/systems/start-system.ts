import { startBullmq } from "./bullmq.ts";
import { startDlq, startDlqWithNats } from "./dlq.ts";
import { startAsynq, startJetstream } from "./go-peers.ts";
import { startNoop } from "./noop.ts";
import type { BuiltLanguage, Fsync, RunningSystem, SystemName } from "./system.ts";

/** A tool that must be installed beyond the packages of this service. */
export type Tool =
  | ("ghz" | "python" | "bullmq" | "go-peers" | "nats-server")
  | `${BuiltLanguage}-client`;

export function startSystem(name: SystemName): Promise<RunningSystem> {
  const [kind = "", variant = ""] = name.split(":");
  const fsync = variant as Fsync;
  if (name === "dlq:always+nats") return startDlqWithNats(name, []);
  if (name === "dlq:always+stream") return startDlqWithNats(name, ["--nats-stream", "DLQ"]);
  if (kind === "dlq") return startDlq(name, fsync, 1);
  if (kind === "dlq-2") return startDlq(name, fsync, 2);
  if (kind === "bullmq") return startBullmq(name, fsync);
  if (kind === "asynq") return startAsynq(name, fsync);
  if (kind === "jetstream") return startJetstream(name, variant as "always" | "default");
  return startNoop(name, variant);
}

export function toolsOf(name: SystemName): readonly Tool[] {
  const [kind] = name.split(":");
  if (kind === "bullmq") return ["bullmq"];
  if (kind === "asynq") return ["go-peers"];
  if (kind === "jetstream") return ["go-peers", "nats-server"];
  if (name.includes("+")) return ["nats-server"];
  return [];
}
