import type {
  MoveEnd,
  MoveRefusal,
  MovingMessage,
  Received,
  ReceiveItem,
  SendSettings,
} from "../../contract.ts";
import type { Bodies } from "../bodies.ts";
import { Packed } from "../packed.ts";
import { ReplyReader } from "../reply.ts";
import type { RunScript } from "./run.ts";

/** Late messages, and bytes of envelopes, that one step moves: others wait for the scripts. */
const PAGE = 100;
const REPLY_BYTES = 4 * 1024 * 1024;

/** Numbers as in lua/receive.lua. */
const DECISIONS = ["RECEIVED", "FULL_MESSAGES", "FULL_BYTES", "DELETING", "CLOSED"] as const;

export async function runPending(
  run: RunScript,
  queue: string,
  which: readonly Uint8Array[] | { olderThanMs: number },
  bodies: Bodies,
): Promise<MovingMessage[]> {
  const byAge = "olderThanMs" in which;
  const ids = byAge ? [] : which;
  // Without ids the script would look for the oldest.
  if (!byAge && ids.length === 0) return [];
  const header = { age: byAge ? which.olderThanMs : 0, page: PAGE, reply_bytes: REPLY_BYTES };
  const reply = await run(
    "moving",
    queue,
    header,
    ids.map((id) => ({ id })),
  );
  const values = reply as Buffer[];
  const found: MovingMessage[] = [];
  for (let at = 0; at < values.length; at += 5) {
    const [head, state, body, history, edits] = values.slice(at, at + 5) as FiveValues;
    const reader = new ReplyReader(head);
    found.push({
      id: reader.bytes(16),
      deliveryNumber: reader.u32(),
      target: Buffer.from(reader.rest()).toString(),
      envelope: bodies.unpack(body),
      edits: edits.length === 0 ? undefined : bodies.unpack(edits),
      stored: { state, body, history, edits },
    });
  }
  return found;
}

/** As lua/moving.lua writes them for each message. */
type FiveValues = [head: Buffer, state: Buffer, body: Buffer, history: Buffer, edits: Buffer];

export interface ReceiveSetup {
  settings: Pick<SendSettings, "maxMessages" | "maxBytes">;
  /** Refuses what is not decided yet. */
  refusal: MoveRefusal | undefined;
  journalMax: number;
  /** Packed: what holds deliveries back. */
  rules: Uint8Array;
}

export async function runReceive(
  run: RunScript,
  target: string,
  from: string,
  items: readonly ReceiveItem[],
  setup: ReceiveSetup,
): Promise<{ received: Received[]; created: boolean }> {
  const { settings, refusal, journalMax, rules } = setup;
  const reply = await run(
    "receive",
    target,
    {
      max_messages: settings.maxMessages,
      max_bytes: settings.maxBytes,
      refuse: refusal === undefined ? 0 : DECISIONS.indexOf(refusal) + 1,
      journal_max: journalMax,
      from,
      delivery_rules: rules,
    },
    items.map((item) => ({
      facts: packFacts(item),
      state: item.message.stored.state,
      envelope: item.message.stored.body,
      history: item.message.stored.history,
      edits: item.message.stored.edits,
    })),
  );
  const reader = new ReplyReader(reply as Buffer);
  const received = items.map(() => decision(reader.u8()));
  return { received, created: !reader.done };
}

function packFacts({ message, limiterKey, orderingKey }: ReceiveItem): Buffer {
  const key = Buffer.from(limiterKey);
  const order = Buffer.from(orderingKey);
  return new Packed(16 + 4 + 1 + key.length + 2 + order.length)
    .padded(message.id, 16)
    .u32(message.deliveryNumber)
    .short(key)
    .u16(order.length)
    .raw(order).bytes;
}

function decision(number: number): Received {
  const found = DECISIONS[number - 1];
  if (found === undefined) throw new Error(`the store answered with an unknown decision ${number}`);
  return found;
}

export async function runEnd(
  run: RunScript,
  queue: string,
  ends: readonly MoveEnd[],
  setup: Pick<ReceiveSetup, "journalMax" | "rules">,
): Promise<boolean[]> {
  const reply = await run(
    "moved",
    queue,
    { journal_max: setup.journalMax, delivery_rules: setup.rules },
    ends.map(({ message, received }) => ({
      facts: new Packed(16 + 4 + 1)
        .padded(message.id, 16)
        .u32(message.deliveryNumber)
        .u8(received ? 1 : 0).bytes,
    })),
  );
  return [...(reply as Buffer)].map((done) => done === 1);
}
