import { DlqError, storeUnavailable } from "../../core/errors.ts";
import type { MoveEnd, Moves, Received, ReceiveItem, SendSettings } from "../contract.ts";
import type { Bodies } from "./bodies.ts";
import type { Replication } from "./replication.ts";
import { runEnd, runPending, runReceive } from "./verbs/moves.ts";
import type { RunScript } from "./verbs/run.ts";

const REPLICAS_RETRY_AFTER_MS = 1_000;

export interface RedisMovesParts {
  run: RunScript;
  journalMax: number;
  bodies: Bodies;
  /** Packed: what holds deliveries of a queue back now. */
  rulesOf(queue: string): Uint8Array;
  /** Puts a queue on the list before its first message; rejects where there may be none. */
  admit(queue: string): Promise<void>;
  /** Puts a queue on the list that was not there before this. */
  list(queue: string): Promise<void>;
  /** Undefined: no replica is waited for. */
  replication: Pick<Replication, "confirm"> | undefined;
}

export class RedisMoves implements Moves {
  readonly #parts: RedisMovesParts;

  constructor(parts: RedisMovesParts) {
    this.#parts = parts;
  }

  pending(queue: string, which: readonly Uint8Array[] | { olderThanMs: number }) {
    return runPending(this.#parts.run, queue, which, this.#parts.bodies);
  }

  async receive(
    target: string,
    from: string,
    items: readonly ReceiveItem[],
    settings: Pick<SendSettings, "maxMessages" | "maxBytes">,
  ): Promise<Received[]> {
    const { run, journalMax, rulesOf, list } = this.#parts;
    const refusal = (await this.#mayBe(target)) ? undefined : "CLOSED";
    const setup = { settings, refusal, journalMax, rules: rulesOf(target) } as const;
    const { received, created } = await runReceive(run, target, from, items, setup);
    if (created) await list(target);
    await this.#untilReplicated();
    return received;
  }

  end(queue: string, ends: readonly MoveEnd[]): Promise<boolean[]> {
    const { run, journalMax, rulesOf } = this.#parts;
    return runEnd(run, queue, ends, { journalMax, rules: rulesOf(queue) });
  }

  async #mayBe(queue: string): Promise<boolean> {
    try {
      await this.#parts.admit(queue);
      return true;
    } catch (error) {
      if (error instanceof DlqError && (error.kind === "NOT_FOUND" || error.kind === "LIMIT")) {
        return false;
      }
      throw error;
    }
  }

  /** A failover must not lose what is about to be removed elsewhere. */
  async #untilReplicated(): Promise<void> {
    const { replication } = this.#parts;
    if (replication === undefined || (await replication.confirm())) return;
    throw storeUnavailable(REPLICAS_RETRY_AFTER_MS);
  }
}
