import type { BrokenLease, ListedWorker, WorkerAdmin } from "../../src/app/queues/worker-admin.ts";
import { unknownSession } from "../../src/core/errors.ts";

/** Scripted workers that record what is taken from them. */
export class ScriptedWorkers implements WorkerAdmin {
  streams: ListedWorker[] = [];
  lease: BrokenLease | undefined;
  readonly broken: Parameters<WorkerAdmin["breakLease"]>[0][] = [];
  /** Those that exist. */
  readonly sessions = new Set<string>();
  readonly #quiet = new Set<string>();

  async list() {
    return this.streams;
  }

  async breakLease(command: Parameters<WorkerAdmin["breakLease"]>[0]) {
    this.broken.push(command);
    return this.lease;
  }

  async quiet({ sessionId, quiet }: Parameters<WorkerAdmin["quiet"]>[0]) {
    if (!this.sessions.has(sessionId)) throw unknownSession(sessionId);
    const changed = quiet !== this.#quiet.has(sessionId);
    if (quiet) this.#quiet.add(sessionId);
    else this.#quiet.delete(sessionId);
    return changed;
  }
}
