import { setTimeout } from "node:timers/promises";
import { createJobAdmin, type JobAdmin } from "../app/jobs/job-admin.ts";
import { DamageLog } from "../app/messages/damage-log.ts";
import { Scanner } from "../app/messages/scan.ts";
import type { DecisionLog } from "../app/observer.ts";
import type { Mover } from "../app/rules/mover.ts";
import { redactionOf } from "../core/redaction/redaction.ts";
import type { QueueSettings } from "../core/settings.ts";
import { JobRunner, type JobRunnerParts } from "../loops/job-runner.ts";
import type { Store } from "../store/contract.ts";

interface Parts extends Pick<JobRunnerParts, "groups" | "now"> {
  store: Pick<Store, "jobs" | "messages" | "messageReads" | "queues">;
  settingsOf(queue: string): QueueSettings;
  mover: Pick<Mover, "moveAll">;
  log: DecisionLog;
  payloadMaxBytes: number;
}

/** Batch jobs, which run from `start` until `stop`; then other servers continue them. */
export interface RunningJobs {
  readonly admin: JobAdmin;
  start(): void;
  stop(): Promise<void>;
}

const sleep = (ms: number, signal: AbortSignal) => setTimeout(ms, undefined, { signal });

export function createBatchJobs(parts: Parts): RunningJobs {
  const { store, settingsOf } = parts;
  const runner = new JobRunner({
    ...{ ...parts, messages: store.messages, sleep },
    scanner: new Scanner(store),
    damageLog: new DamageLog(parts),
    redactionOf: (queue) => redactionOf(settingsOf(queue).redact),
  });
  return {
    admin: createJobAdmin({ ...parts, sleep, wake: () => runner.wake() }),
    start: () => runner.start(),
    stop: () => runner.stop(),
  };
}
