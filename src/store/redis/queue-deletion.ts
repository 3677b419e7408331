import type { DeletionSteps, PurgeStep, SealReply } from "../contract.ts";
import type { StoreContext } from "./context.ts";
import type { RedisGroups } from "./groups.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { LAYOUTS } from "./packed/layouts.ts";
import { Reader } from "./packed/reader.ts";

/** A chunk has up to 128 messages: others wait for about two milliseconds. */
const CHUNKS_A_CALL = 4;

export class RedisQueueDeletion implements DeletionSteps {
  readonly #context: StoreContext;
  readonly #groups: Pick<RedisGroups, "numbersIn" | "forgetQueue">;

  constructor(context: StoreContext, groups: Pick<RedisGroups, "numbersIn" | "forgetQueue">) {
    this.#context = context;
    this.#groups = groups;
  }

  async seal(queue: string, expectedCount: number): Promise<SealReply> {
    const reply = await this.#context.run("seal", queue, { expected: expectedCount }, []);
    const { status, messages } = new Reader(reply as Buffer).read(LAYOUTS.sealed);
    if (status === CONSTANTS.SEAL.SEALED) return { status: "sealed", messages };
    return status === CONSTANTS.SEAL.MISMATCH
      ? { status: "mismatch", messages }
      : { status: "busy", inFlight: messages };
  }

  async purge(queue: string): Promise<PurgeStep> {
    const step = await this.#purge(queue);
    if (step === CONSTANTS.PURGE.REMOVED) return "removed";
    return step === CONSTANTS.PURGE.EMPTY ? "empty" : "unsealed";
  }

  async remove(queue: string): Promise<void> {
    const groups = await this.#groups.numbersIn(queue);
    let step: number;
    do step = await this.#purge(queue, groups);
    while (step === CONSTANTS.PURGE.REMOVED);
    await this.#groups.forgetQueue(queue);
  }

  /** @param ending removes the queue and its counts of these groups */
  async #purge(queue: string, ending?: readonly number[]): Promise<number> {
    const { run, outboxMaxBytes, historyChangedAtMs } = this.#context;
    const header = {
      chunksACall: CHUNKS_A_CALL,
      ending: ending === undefined ? 0 : 1,
      ...{ historyChanged: historyChangedAtMs(), outboxMaxBytes },
    };
    const items = (ending ?? []).map((group) => ({ group }));
    return (await run("purge", queue, header, items)) as number;
  }
}
