import type { DeletionSteps, PurgeStep, SealReply } from "../contract.ts";
import type { StoreContext } from "./context.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { LAYOUTS } from "./packed/layouts.ts";
import { Reader } from "./packed/reader.ts";

/** A chunk has up to 128 messages: others wait for about two milliseconds. */
const CHUNKS_A_CALL = 4;

export class RedisQueueDeletion implements DeletionSteps {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
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
    const step = await this.#purge(queue, false);
    if (step === CONSTANTS.PURGE.REMOVED) return "removed";
    return step === CONSTANTS.PURGE.EMPTY ? "empty" : "unsealed";
  }

  async remove(queue: string): Promise<void> {
    let step: number;
    do step = await this.#purge(queue, true);
    while (step === CONSTANTS.PURGE.REMOVED);
  }

  async #purge(queue: string, ending: boolean): Promise<number> {
    const { run, outboxMaxBytes, historyChangedAtMs } = this.#context;
    const header = {
      chunksACall: CHUNKS_A_CALL,
      ending: ending ? 1 : 0,
      ...{ historyChanged: historyChangedAtMs(), outboxMaxBytes },
    };
    return (await run("purge", queue, header, [])) as number;
  }
}
