import { randomFillSync } from "node:crypto";
import { QUARANTINE_REASONS, REASONS } from "../../../core/reason.ts";
import type { RouteItem, SendItem, SendReply, SendSettings } from "../../contract.ts";
import type { Bodies } from "../bodies.ts";
import { digest } from "../digest.ts";
import { Packed } from "../packed.ts";
import { ReplyReader } from "../reply.ts";
import { storedQuarantineReason, storedReason, storedState } from "../states.ts";
import { packEdit } from "./edit.ts";
import type { RunScript } from "./run.ts";

const NOTHING = new Uint8Array();
/** What the journal keeps of a note. */
const NOTE_BYTES = 255;

export interface SendSetup {
  journalMax: number;
  bodies: Bodies;
  /** Packed: what holds deliveries back. */
  rules: Uint8Array;
}

export async function runSend(
  run: RunScript,
  queue: string,
  items: readonly SendItem[],
  settings: SendSettings,
  setup: SendSetup,
): Promise<{ replies: SendReply[]; created: boolean }> {
  const random = randomFillSync(Buffer.allocUnsafe(items.length * 5));
  const reply = (await run(
    "send",
    queue,
    {
      max_messages: settings.maxMessages,
      max_bytes: settings.maxBytes,
      poison_threshold: settings.poisonThreshold,
      poison_window: settings.poisonWindowMs,
      dedup_window: settings.dedupWindowMs,
      journal_max: setup.journalMax,
      delivery_rules: setup.rules,
    },
    items.map((item, index) => ({
      facts: packFacts(item, random.subarray(index * 5, index * 5 + 5), settings, setup.bodies),
      envelope: setup.bodies.pack(item.envelope, item.payloadBytes),
    })),
  )) as Buffer;
  const reader = new ReplyReader(reply);
  const replies = items.map(() => readReply(reader));
  return { replies, created: !reader.done };
}

/** As `read_item` of lua/send.lua reads it. `random` ends the message's id, which takes 34 bits. */
function packFacts(
  item: SendItem,
  random: Uint8Array,
  settings: SendSettings,
  bodies: Bodies,
): Buffer {
  const request = digest(item.requestId, 16);
  const source = digest(item.sourceId, 8);
  const dedup = settings.dedupWindowMs > 0 ? digest(item.dedupKey, 16) : NOTHING;
  const payloadHash = dedup.length > 0 ? item.payloadHash : NOTHING;
  // Only a joining failure is stored apart; the first one is in the envelope.
  const failure = dedup.length > 0 ? item.failure : NOTHING;
  const { retrySettings: retry } = item;
  const strings = request.length + source.length + dedup.length + payloadHash.length;
  const extra = packExtra(item, bodies);
  return new Packed(FACTS_BYTES + strings + retry.length + failure.length + extra.length)
    .raw(random)
    .u8(REASONS[item.reason])
    .u8(item.quarantineReason ? QUARANTINE_REASONS[item.quarantineReason] : 0)
    .ms(item.delayMs)
    .u8(item.dueAtMs === undefined ? 0 : 1)
    .ms(Math.max(0, item.dueAtMs ?? 0))
    .ms(item.ttlMs)
    .u32(item.envelope.length)
    .short(request)
    .short(source)
    .short(dedup)
    .short(payloadHash)
    .u16(retry.length)
    .raw(retry)
    .u32(failure.length)
    .raw(failure)
    .raw(extra).bytes;
}

/** What few messages have; nothing for the others. */
function packExtra(item: SendItem, bodies: Bodies): Uint8Array {
  const {
    priority = 0,
    limiterKey = "",
    orderingKey = "",
    dropped = false,
    note = "",
    edit,
  } = item;
  const { number, importedHistory } = item;
  const isPlain = priority === 0 && limiterKey === "" && orderingKey === "" && !dropped;
  const isNew = edit === undefined && number === undefined && importedHistory === undefined;
  if (isPlain && note === "" && isNew) return NOTHING;
  const edits = edit === undefined ? NOTHING : packEdit(edit, bodies);
  const key = Buffer.from(limiterKey);
  const order = Buffer.from(orderingKey);
  const words = Buffer.from(note).subarray(0, NOTE_BYTES);
  const client = number?.client ?? NOTHING;
  const strings = key.length + order.length + words.length + edits.length + client.length;
  const rest = (number === undefined ? 0 : 8) + (importedHistory === undefined ? 0 : 2 + 1 + 6);
  const packed = new Packed(1 + 1 + 2 + 1 + 1 + 4 + 1 + rest + strings)
    .i8(priority)
    .short(key)
    .u16(order.length)
    .raw(order)
    .u8(dropped ? 1 : 0)
    .short(words)
    .u32(edits.length)
    .raw(edits)
    .short(client);
  if (number !== undefined) packed.u64(number.number);
  if (importedHistory !== undefined) {
    const { attempts, failureCount, firstFailureAtMs } = importedHistory;
    // 0 is none: the first millisecond of 1970 is the second one.
    const firstMs = firstFailureAtMs === undefined ? 0 : Math.max(1, firstFailureAtMs);
    packed.u16(attempts).u8(failureCount).ms(firstMs);
  }
  return packed.bytes;
}

/** What is fixed, and the lengths: five random bytes, numbers, four short strings, two long ones. */
const FACTS_BYTES = 5 + 1 + 1 + 6 + 1 + 6 + 6 + 4 + 4 + 2 + 4;

const STATUS_JOINED = 1;
const STATUS_FULL_MESSAGES = 2;
const STATUS_FULL_BYTES = 3;
const STATUS_DELETING = 4;
const STATUS_DROPPED = 5;
const STATUS_ROUTED = 6;
const STATUS_TAKEN = 7;
const REPEATED = 16;

function readReply(reader: ReplyReader): SendReply {
  const marked = reader.u8();
  const repeated = marked >= REPEATED;
  const status = repeated ? marked - REPEATED : marked;
  const id = reader.bytes(16);
  const state = reader.u8();
  const reason = reader.u8();
  const quarantineReason = reader.u8();
  const dueAtMs = reader.ms();
  if (status === STATUS_FULL_MESSAGES) return { status: "full", what: "messages" };
  if (status === STATUS_FULL_BYTES) return { status: "full", what: "bytes" };
  if (status === STATUS_DELETING) return { status: "deleting" };
  if (status === STATUS_DROPPED) {
    return { status: "dropped", reason: storedReason(reason), repeated };
  }
  if (status === STATUS_TAKEN) return { status: "taken", reason: storedReason(reason) };
  if (status === STATUS_ROUTED) {
    return { status: "routed", queue: Buffer.from(reader.bytes(reader.u8())).toString() };
  }
  return {
    status: "stored",
    joined: status === STATUS_JOINED,
    repeated,
    id,
    state: storedState(state),
    reason: storedReason(reason),
    quarantineReason: storedQuarantineReason(quarantineReason),
    dueAtMs,
  };
}

export async function runRoute(
  run: RunScript,
  queue: string,
  items: readonly RouteItem[],
): Promise<(SendReply | undefined)[]> {
  const replies = await run(
    "route",
    queue,
    {},
    items.map(({ requestId, target }) => ({ request: digest(requestId, 16), target })),
  );
  return (replies as Buffer[]).map((reply) =>
    reply.length === 0 ? undefined : readReply(new ReplyReader(reply)),
  );
}
