import type { LeaseTokenParts } from "../../../core/lease-token.ts";
import { ISOLATE_AFTER_EXPIRIES } from "../../../core/lifetime.ts";
import { QUARANTINE_REASONS, REASONS } from "../../../core/reason.ts";
import type { Examined, Settled, SettleItem, SettleKind, SettleReply } from "../../contract.ts";
import type { Bodies } from "../bodies.ts";
import { Packed } from "../packed.ts";
import { ReplyReader } from "../reply.ts";
import { anyState, storedQuarantineReason, storedReason } from "../states.ts";
import { packEdit } from "./edit.ts";
import type { RunScript } from "./run.ts";
import { packToken, tokenStatus } from "./tokens.ts";

/** Numbers as in lua/settle.lua. */
const KINDS = {
  succeed: 1,
  discard: 2,
  quarantine: 3,
  failReschedule: 4,
  failQuarantine: 5,
  release: 6,
  return: 7,
  failDiscard: 8,
  failMove: 9,
} as const satisfies Record<SettleKind, number>;

/** As in lua/lib/state.lua. */
const FLAG_POISONED = 2;
const FLAG_EXTRA = 8;

const NOTHING = new Uint8Array();

/** Bytes of envelopes in one reply: others wait for the script. */
const REPLY_BYTES = 4 * 1024 * 1024;

/** `bodies`: envelopes are asked for, too. What one reply has no room for, others have. */
export async function runExamine(
  run: RunScript,
  queue: string,
  request: Uint8Array,
  tokens: readonly LeaseTokenParts[],
  bodies?: Bodies,
): Promise<Examined[] | SettleReply> {
  const header = { request, with_bodies: bodies ? 1 : 0, reply_bytes: REPLY_BYTES };
  const items = tokens.map((token) => ({ token: packToken(token).bytes }));
  const examined: Examined[] = [];
  let open = [...items.keys()];
  do {
    const asked = open.map((index) => items[index] as { token: Uint8Array });
    const [answer, ...values] = (await run("examine", queue, header, asked)) as [
      Buffer,
      ...StoredBody[],
    ];
    if (answer.length > 0) return readSettled(answer, true);
    open.forEach((index, at) => {
      const facts = readExamined(values[at] as Buffer);
      const body = values[open.length + at];
      examined[index] = bodies && body ? { ...facts, ...readBody(body, bodies) } : facts;
    });
    const lacking = open.filter((index) => bodies && lacksEnvelope(examined[index] as Examined));
    // The first one always has room; where nothing came, nothing would.
    open = lacking.length < open.length ? lacking : [];
  } while (open.length > 0);
  return examined;
}

function lacksEnvelope({ status, envelope }: Examined): boolean {
  return status === "APPLIED" && envelope === undefined;
}

/** Of an edited message with its edits. Empty: the reply had no room for it. */
type StoredBody = Buffer | [envelope: Buffer, edits: Buffer];

function readBody(body: StoredBody, bodies: Bodies): Pick<Examined, "envelope" | "edits"> {
  const [envelope, edits] = Array.isArray(body) ? body : [body];
  if (envelope.length === 0) return {};
  return { envelope: bodies.unpack(envelope), ...(edits ? { edits: bodies.unpack(edits) } : {}) };
}

function readExamined(facts: Buffer): Examined {
  const reader = new ReplyReader(facts);
  const status = tokenStatus(reader.u8());
  reader.u8(); // state
  const flags = reader.u8();
  const reason = storedReason(reader.u8());
  const version = reader.u16();
  const attempts = reader.u16();
  const releases = reader.u8();
  const hasExtra = (flags & FLAG_EXTRA) !== 0;
  return {
    status,
    reason,
    version,
    attempts,
    releases,
    poisoned: (flags & FLAG_POISONED) !== 0,
    roundStartedAtMs: hasExtra ? reader.optionalMs() : undefined,
    lastDelayMs: hasExtra ? reader.optionalMs() : undefined,
    priority: hasExtra ? reader.i8() : 0,
    hops: hasExtra ? reader.u8() : 0,
    retrySettings: reader.rest(),
  };
}

export async function runSettle(
  run: RunScript,
  queue: string,
  request: Uint8Array,
  items: readonly SettleItem[],
  setup: { rules: Uint8Array; journalMax: number; bodies: Bodies },
): Promise<SettleReply | undefined> {
  const answer = (await run(
    "settle",
    queue,
    {
      request,
      isolate_at: ISOLATE_AFTER_EXPIRIES,
      journal_max: setup.journalMax,
      delivery_rules: setup.rules,
    },
    items.map((item) => ({ facts: packOutcome(item, setup.bodies) })),
  )) as Buffer | [Buffer];
  if (Array.isArray(answer)) return readSettled(answer[0], true);
  return answer.length === 0 ? undefined : readSettled(answer, false);
}

/** Bits as in lua/settle.lua. */
function outcomeBits(item: SettleItem): number {
  return (
    (item.version === undefined ? 0 : 1) |
    (item.countsForBreaker ? 2 : 0) |
    (item.rememberDelay ? 4 : 0) |
    (item.priority === undefined ? 0 : 8) |
    (item.retrySettings === undefined ? 0 : 16) |
    (item.move === undefined ? 0 : 32) |
    (item.edit === undefined ? 0 : 64)
  );
}

/** As `read_outcome` of lua/settle.lua reads it. */
function packOutcome(item: SettleItem, bodies: Bodies): Buffer {
  const failure = item.failure ?? NOTHING;
  const note = item.note ? Buffer.from(item.note) : NOTHING;
  const changes = packChanges(item);
  const edits = packEdits(item, bodies);
  const extra = changes.length + edits.length;
  return packToken(item.token, 12 + 4 + failure.length + 2 + note.length + extra)
    .u8(KINDS[item.kind])
    .u8(outcomeBits(item))
    .u16(item.version ?? 0)
    .ms(item.delayMs ?? 0)
    .u8(item.quarantineReason ? QUARANTINE_REASONS[item.quarantineReason] : 0)
    .u8(item.reason ? REASONS[item.reason] : 0)
    .u32(failure.length)
    .raw(failure)
    .u16(note.length)
    .raw(note)
    .raw(changes)
    .raw(edits).bytes;
}

/** What rules change of a message; nothing, mostly. */
function packChanges({ priority, retrySettings, move }: SettleItem): Uint8Array {
  if (priority === undefined && retrySettings === undefined && move === undefined) return NOTHING;
  const target = Buffer.from(move?.target ?? "");
  const length =
    (priority === undefined ? 0 : 1) +
    (retrySettings === undefined ? 0 : 2 + retrySettings.length) +
    (move === undefined ? 0 : 1 + 6 + 1 + target.length);
  const packed = new Packed(length);
  if (priority !== undefined) packed.i8(priority);
  if (retrySettings !== undefined) packed.u16(retrySettings.length).raw(retrySettings);
  if (move !== undefined) {
    const { quarantineReason, delayMs } = move.ifRefused;
    packed
      .u8(quarantineReason ? QUARANTINE_REASONS[quarantineReason] : 0)
      .ms(delayMs)
      .short(target);
  }
  return packed.bytes;
}

function packEdits({ edit }: SettleItem, bodies: Bodies): Uint8Array {
  if (edit === undefined) return NOTHING;
  const edits = packEdit(edit, bodies);
  return new Packed(4 + edits.length).u32(edits.length).raw(edits).bytes;
}

function readSettled(answer: Buffer, repeated: boolean): SettleReply {
  const reader = new ReplyReader(answer);
  const nowMs = reader.ms();
  const results: Settled[] = [];
  while (!reader.done) {
    const status = tokenStatus(reader.u8());
    const state = anyState(reader.u8());
    const quarantineReason = storedQuarantineReason(reader.u8());
    const dueAtMs = reader.optionalMs();
    const hasSession = reader.u8() > 0;
    const session = reader.bytes(16);
    results.push({
      status,
      state,
      quarantineReason,
      dueAtMs: state === "SCHEDULED" ? dueAtMs : undefined,
      sessionId: hasSession ? session : undefined,
      heldMs: reader.ms(),
      ageMs: reader.ms(),
    });
  }
  return { nowMs, results, repeated };
}
