import type { BrokenLease, QueueWorker, WorkerAdmin } from "../../src/app/queues/worker-admin.ts";

/** Scripted workers that record what is taken from them. */
export class ScriptedWorkers implements WorkerAdmin {
  streams: QueueWorker[] = [];
  lease: BrokenLease | undefined;
  readonly broken: Parameters<WorkerAdmin["breakLease"]>[0][] = [];

  async list() {
    return this.streams;
  }

  async breakLease(command: Parameters<WorkerAdmin["breakLease"]>[0]) {
    this.broken.push(command);
    return this.lease;
  }
}
