import { DlqError } from "../../core/errors.ts";
import type {
  MoveEnd,
  MoveRefusal,
  Moves,
  MovingMessage,
  Received,
  ReceiveItem,
  SendSettings,
} from "../contract.ts";
import type { Bodies } from "./bodies.ts";
import type { Capacity } from "./capacity.ts";
import type { StoreContext } from "./context.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { LAYOUTS } from "./packed/layouts.ts";
import { Reader } from "./packed/reader.ts";
import { untilReplicated } from "./replication.ts";
import { namesByNumber } from "./states.ts";
import { runImport } from "./verbs/import.ts";

/** Late messages, and bytes of envelopes, that one step moves: others wait for the scripts. */
const PAGE = 100;
const REPLY_BYTES = 4 * 1024 * 1024;

const DECISIONS: readonly Received[] = namesByNumber(CONSTANTS.MOVE);

export interface RedisMovesParts extends StoreContext {
  capacity: Pick<Capacity, "requireRoom">;
  /** Puts a queue on the list before its first message. Rejects if the queue may not exist. */
  admit(queue: string): Promise<void>;
}

export class RedisMoves implements Moves {
  readonly #parts: RedisMovesParts;

  constructor(parts: RedisMovesParts) {
    this.#parts = parts;
  }

  async pending(
    queue: string,
    which: readonly Uint8Array[] | { olderThanMs: number },
  ): Promise<MovingMessage[]> {
    const byAge = "olderThanMs" in which;
    const ids = byAge ? [] : which;
    // Without ids the script would look for the oldest.
    if (!byAge && ids.length === 0) return [];
    const header = { age: byAge ? which.olderThanMs : 0, page: PAGE, replyBytes: REPLY_BYTES };
    const items = ids.map((id) => ({ id }));
    const values = (await this.#parts.run("moving", queue, header, items)) as Buffer[];
    const found: MovingMessage[] = [];
    for (let at = 0; at < values.length; at += 8) {
      found.push(readMoving(values.slice(at, at + 8) as MovingValues, this.#parts.bodies));
    }
    return found;
  }

  async receive(
    target: string,
    from: string,
    items: readonly ReceiveItem[],
    settings: Pick<SendSettings, "maxMessages" | "maxBytes">,
  ): Promise<Received[]> {
    const { run, outboxMaxBytes, historyChangedAtMs, deliverySettingsOf, replication } =
      this.#parts;
    const refusal: MoveRefusal | undefined = (await this.#mayExist(target)) ? undefined : "CLOSED";
    const header = {
      maxMessages: settings.maxMessages,
      maxBytes: settings.maxBytes,
      refuse: refusal === undefined ? 0 : CONSTANTS.MOVE[refusal],
      ...{ historyChanged: historyChangedAtMs(), outboxMaxBytes },
      from,
      deliverySettings: deliverySettingsOf(target),
    };
    const reply = await run("receive", target, header, items.map(packReceived));
    const reader = new Reader(reply as Buffer);
    const received = items.map(() => decision(reader.number(1)));
    // Next the message is removed from the other queue: a failover must not lose it here.
    await untilReplicated(replication);
    return received;
  }

  readonly storeImported: Moves["storeImported"] = async (queue, items, settings, how) => {
    const { capacity, admit } = this.#parts;
    if (!how.dryRun) {
      capacity.requireRoom();
      await admit(queue);
    }
    return runImport(this.#parts, queue, items, settings, how);
  };

  async end(queue: string, ends: readonly MoveEnd[]): Promise<boolean[]> {
    const { run, outboxMaxBytes, historyChangedAtMs, deliverySettingsOf } = this.#parts;
    const items = ends.map(({ message, received }) => ({
      facts: LAYOUTS.moveEnd.pack({
        ...{ id: message.id, delivery: message.deliveryNumber },
        ...{ began: message.beganMs, received },
      }),
    }));
    const header = {
      ...{ historyChanged: historyChangedAtMs(), outboxMaxBytes },
      deliverySettings: deliverySettingsOf(queue),
    };
    const reply = await run("moved", queue, header, items);
    return [...(reply as Buffer)].map((done) => done === 1);
  }

  async #mayExist(queue: string): Promise<boolean> {
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
}

/** As lua/moving.lua writes them for each message. */
type MovingValues = [
  head: Buffer,
  state: Buffer,
  body: Buffer,
  history: Buffer,
  edits: Buffer,
  eventFields: Buffer,
  group: Buffer,
  timeline: Buffer,
];

function readMoving(values: MovingValues, bodies: Bodies): MovingMessage {
  const [head, state, body, history, edits, eventFields, group, timeline] = values;
  const reader = new Reader(head);
  const { id, delivery, began } = reader.read(LAYOUTS.moving);
  return {
    id,
    deliveryNumber: delivery,
    beganMs: began,
    target: Buffer.from(reader.rest()).toString(),
    envelope: bodies.unpack(body),
    edits: edits.length === 0 ? undefined : bodies.unpack(edits),
    stored: { state, body, history, edits, eventFields, group, timeline },
  };
}

function packReceived({ message, limiterKey, orderingKey }: ReceiveItem) {
  const { state, body, history, edits, eventFields, group, timeline } = message.stored;
  const facts = LAYOUTS.receiveItem.pack({
    id: message.id,
    delivery: message.deliveryNumber,
    began: message.beganMs,
    key: Buffer.from(limiterKey),
    order: Buffer.from(orderingKey),
  });
  return { facts, state, envelope: body, history, edits, eventFields, group, timeline };
}

function decision(number: number): Received {
  const found = DECISIONS[number];
  if (found === undefined) throw new Error(`the store answered with an unknown decision ${number}`);
  return found;
}
