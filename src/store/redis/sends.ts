import { DlqError, internal, storeUnavailable } from "../../core/errors.ts";
import type { SendItem, SendReply, SendSettings } from "../contract.ts";
import type { Bodies } from "./bodies.ts";
import { Coalescer } from "./coalescer.ts";
import type { Replication } from "./replication.ts";
import type { RunScript } from "./verbs/run.ts";
import { runSend } from "./verbs/send.ts";

/** The sends of one queue that are under way; a batch is written under the latest settings. */
interface Lane {
  settings: SendSettings;
  readonly coalescer: Coalescer<SendItem, SendReply>;
}

/** Items and bytes of one send script: it blocks Redis for a few milliseconds at the most. */
const ITEMS = 200;
const BYTES = 4 * 1024 * 1024;

/** A replica that comes back is in sync after a second or two. */
const REPLICAS_RETRY_AFTER_MS = 1_000;

export interface SendsParts {
  run: RunScript;
  journalMax: number;
  bodies: Bodies;
  /** Packed: what holds deliveries of a queue back now. */
  rulesOf(queue: string): Uint8Array;
  /** Undefined: no replica is waited for. */
  replication: Pick<Replication, "confirm"> | undefined;
  /** Puts a queue on the list that was not there before these sends. */
  list(queue: string): Promise<void>;
}

/** Concurrent sends of a queue share scripts, and are durable together. */
export class Sends {
  readonly #parts: SendsParts;
  readonly #lanes = new Map<string, Lane>();

  constructor(parts: SendsParts) {
    this.#parts = parts;
  }

  /** Items may go in several scripts: what becomes of one says nothing of the others. */
  async send(
    queue: string,
    items: readonly SendItem[],
    settings: SendSettings,
  ): Promise<SendReply[]> {
    const lane = this.#lanes.get(queue) ?? this.#openLane(queue, settings);
    lane.settings = settings;
    const replies = await lane.coalescer.add(items);
    const [first] = replies;
    if (first?.status === "failed" && replies.every(({ status }) => status === "failed")) {
      throw first.error;
    }
    return replies;
  }

  #openLane(queue: string, settings: SendSettings): Lane {
    const { run, journalMax, bodies, rulesOf, list } = this.#parts;
    const coalescer = new Coalescer<SendItem, SendReply>({
      run: async (items) => {
        const setup = { journalMax, bodies, rules: rulesOf(queue) };
        const sent = await runSend(run, queue, items, lane.settings, setup);
        if (sent.created) await list(queue);
        await this.#untilReplicated();
        return sent.replies;
      },
      failed: (error) => ({
        status: "failed",
        error: error instanceof DlqError ? error : internal(error),
      }),
      maxItems: ITEMS,
      maxBytes: BYTES,
      sizeOf: (item) => item.envelope.length,
      // A thousand queues that are written once keep nothing here.
      onIdle: () => this.#lanes.delete(queue),
    });
    const lane: Lane = { settings, coalescer };
    this.#lanes.set(queue, lane);
    return lane;
  }

  /**
   * A send that too few replicas have is stored, but a failover could lose it: the caller hears
   * UNAVAILABLE, and its next try under the same request_id waits for the replicas again.
   */
  async #untilReplicated(): Promise<void> {
    const { replication } = this.#parts;
    if (replication === undefined || (await replication.confirm())) return;
    throw storeUnavailable(REPLICAS_RETRY_AFTER_MS);
  }
}
