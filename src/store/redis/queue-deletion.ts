import type { DeletionSteps, PurgeStep, SealReply } from "../contract.ts";
import type { StoreContext } from "./context.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { LAYOUTS } from "./packed/layouts.ts";
import { Reader } from "./packed/reader.ts";

/** A chunk has up to 128 messages: others wait for about two milliseconds. */
const CHUNKS_A_CALL = 4;

export interface QueueDeletionParts extends StoreContext {
  /** Called before each use of the store; see Opening. */
  enter(): Promise<void> | undefined;
}

/** The seal is among the queue's own keys; the list of names is apart, and follows. */
export class RedisQueueDeletion implements DeletionSteps {
  readonly #parts: QueueDeletionParts;

  constructor(parts: QueueDeletionParts) {
    this.#parts = parts;
  }

  async seal(queue: string, expectedCount: number): Promise<SealReply> {
    const reply = await this.#parts.run("seal", queue, { expected: expectedCount }, []);
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

  /**
   * The name goes first: while the rest exists, sends are refused and some server continues. If messages came meanwhile,
   * or another server removed the queue and it was created again, the name is listed again.
   */
  async remove(queue: string): Promise<void> {
    const { enter, queues } = this.#parts;
    await enter();
    await queues.remove(queue);
    let step: number;
    do step = await this.#purge(queue, true);
    while (step === CONSTANTS.PURGE.REMOVED);
    if (step === CONSTANTS.PURGE.ALIVE) await queues.addExisting(queue);
  }

  async #purge(queue: string, ending: boolean): Promise<number> {
    const { run, journalMax } = this.#parts;
    const header = { chunksACall: CHUNKS_A_CALL, ending: ending ? 1 : 0, journalMax };
    return (await run("purge", queue, header, [])) as number;
  }
}
