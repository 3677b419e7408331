import { cutUtf8 } from "../../core/utf8.ts";
import type {
  DeletedMessage,
  DeletedMessages,
  DeletedPage,
  DeletedPlace,
  DeletedRange,
  DeletedState,
  UndeleteHow,
  UndeleteRefusal,
  UndeleteResult,
  Undeletion,
} from "../contract.ts";
import type { Capacity } from "./capacity.ts";
import type { Connection } from "./connection.ts";
import type { StoreContext } from "./context.ts";
import { allPartitionKeys } from "./keys.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { LAYOUTS } from "./packed/layouts.ts";
import { Reader } from "./packed/reader.ts";
import {
  anyState,
  namesByNumber,
  storedQuarantineReason,
  storedReason,
  storedState,
} from "./states.ts";
import { workerOf } from "./verbs/stats.ts";
import { CALLER_BYTES } from "./verbs/timeline.ts";

const { STATE, UNDELETE } = CONSTANTS;
const NOTHING = new Uint8Array();
const OUTCOMES = namesByNumber(UNDELETE);
/** Queues whose oldest deleted messages are erased in one step, and bytes of each: others wait for the script. */
const QUEUES_A_STEP = 16;
const BYTES_A_CALL = 16 * 1024 * 1024;

export interface RedisDeletedMessagesParts extends StoreContext {
  connection: Pick<Connection, "read">;
  prefix: string;
  capacity: Pick<Capacity, "requireRoom" | "makeRoom">;
}

export class RedisDeletedMessages implements DeletedMessages {
  readonly #parts: RedisDeletedMessagesParts;
  readonly #indexKeys: readonly string[];

  constructor(parts: RedisDeletedMessagesParts) {
    this.#parts = parts;
    parts.capacity.makeRoom = (bytes) => this.makeRoom(bytes);
    this.#indexKeys = allPartitionKeys(parts.prefix, "deleted");
  }

  async list(
    queue: string,
    { states, fromMs, toMs }: DeletedRange,
    after: DeletedPlace | undefined,
    page: number,
  ): Promise<DeletedPage> {
    const header = {
      ...{ first: fromMs, last: toMs, page },
      states: Uint8Array.from(states, (state) => STATE[state]),
      after: packPlace(after),
    };
    const values = (await this.#parts.run("list_deleted", queue, header, [])) as Buffer[];
    const [head, ...rows] = values as [Buffer, ...Buffer[]];
    const { now, total } = new Reader(head).read(LAYOUTS.deletedPage);
    const messages: DeletedMessage[] = [];
    for (let at = 0; at < rows.length; at += 2) {
      messages.push(readDeleted(rows[at] as Buffer, rows[at + 1] as Buffer));
    }
    return { nowMs: now, total, messages };
  }

  async undelete(
    queue: string,
    request: Uint8Array,
    which: Undeletion,
    { toRetry, caller = "", settings }: UndeleteHow,
  ): Promise<UndeleteResult> {
    const { run, outboxMaxBytes, historyChangedAtMs, deliverySettingsOf, capacity } = this.#parts;
    capacity.requireRoom();
    const byIds = "ids" in which;
    const header = {
      maxMessages: settings.maxMessages,
      maxBytes: settings.maxBytes,
      toRetry: toRetry ? 1 : 0,
      state: byIds ? 0 : STATE[which.state],
      first: byIds ? 0 : which.fromMs,
      last: byIds ? 0 : which.toMs,
      page: byIds ? 0 : which.page,
      ...{ historyChanged: historyChangedAtMs(), outboxMaxBytes, request },
      after: packPlace(byIds ? undefined : which.after),
      caller: cutUtf8(caller, CALLER_BYTES),
      deliverySettings: deliverySettingsOf(queue),
    };
    const items = byIds ? which.ids.map((id) => ({ id })) : [];
    return readUndeleted((await run("undelete", queue, header, items)) as Buffer);
  }

  async makeRoom(bytes: number): Promise<number> {
    let erased = 0;
    while (erased < bytes) {
      const queues = await this.#oldest();
      if (queues.length === 0) break;
      const wanted = Math.min(BYTES_A_CALL, Math.ceil((bytes - erased) / queues.length));
      const replies = await Promise.all(
        queues.map((queue) => this.#parts.run("erase_deleted", queue, { wanted }, [])),
      );
      const before = erased;
      for (const reply of replies) erased += new Reader(reply as Buffer).read(LAYOUTS.erased).bytes;
      if (erased === before) break;
    }
    return erased;
  }

  /** Returns the queues with the oldest deleted messages, one a partition. */
  async #oldest(): Promise<string[]> {
    const replies = await this.#parts.connection.read<string[]>((reading) => {
      for (const key of this.#indexKeys) reading.zrange(key, "0", "0", "WITHSCORES");
    });
    const heads = replies.flatMap(([queue, at]) =>
      queue === undefined ? [] : [{ queue, at: Number(at) }],
    );
    return heads
      .toSorted((a, b) => a.at - b.at)
      .slice(0, QUEUES_A_STEP)
      .map(({ queue }) => queue);
  }
}

function packPlace(place: DeletedPlace | undefined): Uint8Array {
  return place === undefined ? NOTHING : LAYOUTS.entry.pack({ score: place.atMs, id: place.id });
}

function readDeleted(facts: Buffer, state: Buffer): DeletedMessage {
  const { id, at, bytes, holder, note, ...ended } = new Reader(facts).read(LAYOUTS.listedDeleted);
  const before = new Reader(state).read(LAYOUTS.state);
  return {
    id,
    state: anyState(ended.state) as DeletedState,
    deletedAtMs: at,
    bytes,
    before: storedState(before.state),
    reason: storedReason(before.reason),
    quarantineReason: storedQuarantineReason(before.qreason),
    attempts: before.attempts,
    deliveries: before.delivery,
    ...endedBy(Buffer.from(holder).toString()),
    note: Buffer.from(note).toString(),
  };
}

/** A job, as act.lua stores it: no worker's entry begins with a line break. */
const JOB = /^\n(?<id>j-\d+)\n(?<caller>.*)$/s;

function endedBy(holder: string): Pick<DeletedMessage, "workerId" | "job"> {
  const { id, caller = "" } = JOB.exec(holder)?.groups ?? {};
  if (id !== undefined) return { workerId: undefined, job: { id, caller } };
  return { workerId: holder === "" ? undefined : workerOf(holder), job: undefined };
}

function readUndeleted(reply: Buffer): UndeleteResult {
  const reader = new Reader(reply);
  const { count, more, upTo, score, id } = reader.read(LAYOUTS.undeleted);
  const refused: { id: Uint8Array; refusal: UndeleteRefusal }[] = [];
  while (!reader.done) {
    const { id, status } = reader.read(LAYOUTS.refusedUndelete);
    refused.push({ id, refusal: OUTCOMES[status] as UndeleteRefusal });
  }
  return { count, refused, upToMs: upTo, rest: more ? { atMs: score, id } : undefined };
}
