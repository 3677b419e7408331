import { randomFillSync } from "node:crypto";
import { DlqError, internal } from "../../core/errors.ts";
import { QUARANTINE_REASONS, REASONS } from "../../core/reason.ts";
import type { RouteItem, SendItem, SendReply, SendSettings } from "../contract.ts";
import type { Bodies } from "./bodies.ts";
import { Coalescer } from "./coalescer.ts";
import type { StoreContext } from "./context.ts";
import { digest } from "./digest.ts";
import { packEdit } from "./edits.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { type Part, pack } from "./packed/layout.ts";
import { LAYOUTS } from "./packed/layouts.ts";
import { Reader } from "./packed/reader.ts";
import { untilReplicated } from "./replication.ts";
import { storedQuarantineReason, storedReason, storedState } from "./states.ts";

/** Items and bytes of one script: it blocks Redis for a few milliseconds at most. */
const ITEMS = 200;
const BYTES = 4 * 1024 * 1024;

const NOTHING = new Uint8Array();
const RANDOM_BYTES = 5;

/** The sends to one queue that are under way; a batch is written under the latest settings. */
interface Batches {
  settings: SendSettings;
  readonly coalescer: Coalescer<SendItem, SendReply>;
}

/** Sends messages. Concurrent sends to one queue share scripts, and are durable together. */
export class Sends {
  readonly #context: StoreContext;
  readonly #batches = new Map<string, Batches>();

  constructor(context: StoreContext) {
    this.#context = context;
  }

  /** Items may go in several scripts: some may be stored while others fail. Rejects if all fail. */
  async send(
    queue: string,
    items: readonly SendItem[],
    settings: SendSettings,
  ): Promise<SendReply[]> {
    const batches = this.#batches.get(queue) ?? this.#begin(queue, settings);
    batches.settings = settings;
    const replies = await batches.coalescer.add(items);
    const [first] = replies;
    if (first?.status === "failed" && replies.every(({ status }) => status === "failed")) {
      throw first.error;
    }
    return replies;
  }

  /** Stores under the requests of sends to `queue` that they go to other queues. */
  async route(queue: string, items: readonly RouteItem[]): Promise<(SendReply | undefined)[]> {
    const requests = items.map(({ requestId, target }) => ({
      request: digest(requestId, 16),
      target,
    }));
    const replies = (await this.#context.run("route", queue, {}, requests)) as Buffer[];
    return replies.map((reply) => (reply.length === 0 ? undefined : readReply(new Reader(reply))));
  }

  #begin(queue: string, settings: SendSettings): Batches {
    const coalescer = new Coalescer<SendItem, SendReply>({
      run: (items) => this.#write(queue, items, batches.settings),
      failed: (error) => ({
        status: "failed",
        error: error instanceof DlqError ? error : internal(error),
      }),
      maxItems: ITEMS,
      maxBytes: BYTES,
      sizeOf: (item) => item.envelope.length,
      // Thousands of queues that are written once keep nothing here.
      onIdle: () => this.#batches.delete(queue),
    });
    const batches: Batches = { settings, coalescer };
    this.#batches.set(queue, batches);
    return batches;
  }

  /** Writes one batch, and waits until replicas have it. */
  async #write(
    queue: string,
    items: readonly SendItem[],
    settings: SendSettings,
  ): Promise<SendReply[]> {
    const {
      run,
      bodies,
      groupDescriptions,
      outboxMaxBytes,
      deliverySettingsOf,
      historyChangedAtMs,
      replication,
    } = this.#context;
    const random = randomFillSync(Buffer.allocUnsafe(items.length * RANDOM_BYTES));
    const reply = (await run(
      "send",
      queue,
      {
        maxMessages: settings.maxMessages,
        maxBytes: settings.maxBytes,
        poisonThreshold: settings.poisonThreshold,
        poisonWindow: settings.poisonWindowMs,
        dedupWindow: settings.dedupWindowMs,
        historyChanged: historyChangedAtMs(),
        outboxMaxBytes,
        deliverySettings: deliverySettingsOf(queue),
      },
      items.map((item, index) => {
        const at = index * RANDOM_BYTES;
        const added = {
          random: random.subarray(at, at + RANDOM_BYTES),
          group: groupDescriptions.pack(queue, item.group),
        };
        const facts = packItem(item, added, settings, bodies);
        return { facts, envelope: bodies.pack(item.envelope, item.payloadBytes) };
      }),
    )) as Buffer;
    const reader = new Reader(reply);
    const replies = items.map(() => readReply(reader));
    replies.forEach(({ status }, index) => {
      if (status === "stored") groupDescriptions.stored(queue, items[index]?.group);
    });
    // A failover could lose what too few replicas have. The caller gets UNAVAILABLE; its next try under the same request
    // waits for the replicas again.
    await untilReplicated(replication);
    return replies;
  }
}

function packItem(
  item: SendItem,
  added: { random: Uint8Array; group: Uint8Array },
  settings: SendSettings,
  bodies: Bodies,
): Buffer {
  const dedup = settings.dedupWindowMs > 0 ? digest(item.dedupKey, 16) : NOTHING;
  const mayJoin = dedup.length > 0;
  const base = LAYOUTS.sendItem.of({
    ...added,
    reason: REASONS[item.reason],
    qreason: item.quarantineReason ? QUARANTINE_REASONS[item.quarantineReason] : 0,
    delay: item.delayMs,
    hasDueAt: item.dueAtMs !== undefined,
    dueAt: Math.max(0, item.dueAtMs ?? 0),
    ttl: item.ttlMs,
    size: item.envelope.length,
    request: digest(item.requestId, 16),
    source: digest(item.sourceId, 8),
    dedup,
    payloadHash: mayJoin ? item.payloadHash : NOTHING,
    retry: item.retrySettings,
    // Only a failure that joins a message is stored apart; the first one is in the envelope.
    failure: mayJoin ? item.failure : NOTHING,
  });
  return pack(base, ...extraParts(item, bodies));
}

/** What few messages have. */
function extraParts(item: SendItem, bodies: Bodies): readonly Part[] {
  const { priority = 0, limiterKey = "", orderingKey = "", dropped = false, note = "" } = item;
  const { number, importedHistory, edit, eventFields = NOTHING } = item;
  const isPlain = priority === 0 && limiterKey === "" && orderingKey === "" && !dropped;
  const isNew = edit === undefined && number === undefined && importedHistory === undefined;
  if (isPlain && note === "" && isNew && eventFields.length === 0) return [];
  const parts: Part[] = [
    LAYOUTS.sendExtra.of({
      priority,
      key: Buffer.from(limiterKey),
      order: Buffer.from(orderingKey),
      dropped,
      note: Buffer.from(note).subarray(0, CONSTANTS.LIMIT.NOTE_BYTES),
      edits: edit === undefined ? NOTHING : packEdit(edit, bodies),
      client: number?.client ?? NOTHING,
      number: number?.number ?? 0,
      eventFields,
    }),
  ];
  if (importedHistory !== undefined) {
    const { attempts, failureCount, firstFailureAtMs } = importedHistory;
    // 0 is none: the first millisecond of 1970 counts as the second one.
    const first = firstFailureAtMs === undefined ? 0 : Math.max(1, firstFailureAtMs);
    parts.push(LAYOUTS.importedHistory.of({ attempts, failures: failureCount, first }));
  }
  return parts;
}

function readReply(reader: Reader): SendReply {
  const reply = reader.read(LAYOUTS.sendReply);
  const { SEND } = CONSTANTS;
  const repeated = reply.status >= SEND.REPEATED;
  const status = repeated ? reply.status - SEND.REPEATED : reply.status;
  const reason = storedReason(reply.reason);
  switch (status) {
    case SEND.FULL_MESSAGES:
      return { status: "full", what: "messages" };
    case SEND.FULL_BYTES:
      return { status: "full", what: "bytes" };
    case SEND.DELETING:
      return { status: "deleting" };
    case SEND.DROPPED:
      return { status: "dropped", reason, repeated };
    case SEND.DUPLICATE:
      return { status: "duplicate", reason };
    case SEND.ROUTED: {
      const { target } = reader.read(LAYOUTS.sendTarget);
      return { status: "routed", queue: Buffer.from(target).toString() };
    }
    default:
      return {
        status: "stored",
        joined: status === SEND.JOINED,
        repeated,
        id: reply.id,
        state: storedState(reply.state),
        reason,
        quarantineReason: storedQuarantineReason(reply.qreason),
        dueAtMs: reply.due,
      };
  }
}
