import { DlqError } from "../../core/errors.ts";
import { Turns } from "../../core/turns.ts";
import type { HeldLease, QueueSizes, QueueSnapshot, QueueWorker } from "../contract.ts";
import type { KnownQueues } from "./known-queues.ts";
import {
  createManyRunner,
  type RunOnMany,
  type RunScript,
  type ScriptRunnerParts,
} from "./script-runner.ts";
import type { Sessions } from "./sessions.ts";
import { runLeases } from "./verbs/leases.ts";
import { runSizes } from "./verbs/sizes.ts";
import { runStats } from "./verbs/stats.ts";
import { runWorkers } from "./verbs/workers.ts";

/** A session has many queues, and all are read when it is resumed or reconciled. */
const LEASES_AT_ONCE = 32;

export interface QueueReadsParts extends ScriptRunnerParts {
  run: RunScript;
  queues: Pick<KnownQueues, "existingOf">;
  sessions: Pick<Sessions, "aliveNodes">;
}

/** Reads many queues, few at once: sends wait behind them. */
export class QueueReads {
  readonly #parts: QueueReadsParts;
  readonly #runOnMany: RunOnMany;
  readonly #turns = new Turns(LEASES_AT_ONCE);

  constructor(parts: QueueReadsParts) {
    this.#parts = parts;
    this.#runOnMany = createManyRunner(parts);
  }

  leases(queue: string, sessionId: Uint8Array): Promise<HeldLease[]> {
    return this.#turns.run(() => runLeases(this.#parts.run, queue, sessionId));
  }

  async stats(queues: readonly string[]): Promise<QueueSnapshot[]> {
    const found = await this.statsOrErrors(queues);
    return found.map((snapshot) => {
      if (snapshot instanceof DlqError) throw snapshot;
      return snapshot;
    });
  }

  async statsOrErrors(queues: readonly string[]): Promise<(QueueSnapshot | DlqError)[]> {
    const { enter, sessions, queues: lists } = this.#parts;
    await enter();
    const alive = await sessions.aliveNodes();
    const existing = await lists.existingOf(queues);
    return runStats(this.#runOnMany, queues, existing, (node) => alive.has(node));
  }

  async workers(queue: string): Promise<QueueWorker[]> {
    await this.#parts.enter();
    const alive = await this.#parts.sessions.aliveNodes();
    return runWorkers(this.#parts.run, queue, (node) => alive.has(node));
  }

  async sizes(queues: readonly string[]): Promise<(QueueSizes | undefined)[]> {
    await this.#parts.enter();
    const alive = await this.#parts.sessions.aliveNodes();
    return runSizes(this.#parts, queues, (node) => alive.has(node));
  }
}
