import type { LeaseTokenParts } from "../../../core/lease-token.ts";
import { ISOLATE_AFTER_EXPIRIES } from "../../../core/lifetime.ts";
import { QUARANTINE_REASONS, REASONS } from "../../../core/reason.ts";
import type { Examined, Settled, SettleItem, SettleKind, SettleReply } from "../../contract.ts";
import { ReplyReader } from "../reply.ts";
import { anyState, storedQuarantineReason, storedReason } from "../states.ts";
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
} as const satisfies Record<SettleKind, number>;

const FLAG_POISONED = 2;
const NOTHING = new Uint8Array();

export async function runExamine(
  run: RunScript,
  queue: string,
  request: Uint8Array,
  tokens: readonly LeaseTokenParts[],
): Promise<Examined[] | SettleReply> {
  const [answer, ...examined] = (await run(
    "examine",
    queue,
    { request },
    tokens.map((token) => ({ token: packToken(token).bytes })),
  )) as [Buffer, ...Buffer[]];
  if (answer.length > 0) return readSettled(answer, true);
  return examined.map((bytes) => {
    const reader = new ReplyReader(bytes);
    const status = tokenStatus(reader.u8());
    reader.u8(); // state
    const flags = reader.u8();
    return {
      status,
      reason: storedReason(reader.u8()),
      version: reader.u16(),
      attempts: reader.u16(),
      releases: reader.u8(),
      poisoned: (flags & FLAG_POISONED) !== 0,
      roundStartedAtMs: reader.optionalMs(),
      lastDelayMs: reader.optionalMs(),
      retrySettings: reader.rest(),
    };
  });
}

export async function runSettle(
  run: RunScript,
  queue: string,
  request: Uint8Array,
  items: readonly SettleItem[],
  rules: Uint8Array,
  journalMax: number,
): Promise<SettleReply | undefined> {
  const answer = (await run(
    "settle",
    queue,
    {
      request,
      isolate_at: ISOLATE_AFTER_EXPIRIES,
      journal_max: journalMax,
      delivery_rules: rules,
    },
    items.map((item) => ({ facts: packOutcome(item) })),
  )) as Buffer | [Buffer];
  if (Array.isArray(answer)) return readSettled(answer[0], true);
  return answer.length === 0 ? undefined : readSettled(answer, false);
}

/** Bits as in lua/settle.lua. */
function outcomeBits({ version, countsForBreaker, rememberDelay }: SettleItem): number {
  return (version === undefined ? 0 : 1) | (countsForBreaker ? 2 : 0) | (rememberDelay ? 4 : 0);
}

/** As `read_outcome` of lua/settle.lua reads it. */
function packOutcome(item: SettleItem): Buffer {
  const failure = item.failure ?? NOTHING;
  const note = item.note ? Buffer.from(item.note) : NOTHING;
  return packToken(item.token, 12 + 4 + failure.length + 2 + note.length)
    .u8(KINDS[item.kind])
    .u8(outcomeBits(item))
    .u16(item.version ?? 0)
    .ms(item.delayMs ?? 0)
    .u8(item.quarantineReason ? QUARANTINE_REASONS[item.quarantineReason] : 0)
    .u8(item.reason ? REASONS[item.reason] : 0)
    .u32(failure.length)
    .raw(failure)
    .u16(note.length)
    .raw(note).bytes;
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
