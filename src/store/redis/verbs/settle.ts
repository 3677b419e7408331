import type { LeaseTokenParts } from "../../../core/lease-token.ts";
import { ISOLATE_AFTER_EXPIRIES } from "../../../core/lifetime.ts";
import { QUARANTINE_REASONS, REASONS } from "../../../core/reason.ts";
import type {
  Examined,
  ExtendItem,
  ExtendReply,
  HeldLease,
  Settled,
  SettleItem,
  SettleKind,
  SettleReply,
} from "../../contract.ts";
import { ReplyReader } from "../reply.ts";
import { anyState, storedQuarantineReason, storedReason } from "../states.ts";
import type { RunScript } from "./run.ts";

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

/** Numbers as in lua/lib/tokens.lua. */
const STATUSES = ["APPLIED", "LEASE_LOST", "NOT_FOUND"] as const;
type TokenStatus = (typeof STATUSES)[number];

const FLAG_POISONED = 2;

export async function runExamine(
  run: RunScript,
  queue: string,
  request: Uint8Array,
  tokens: readonly LeaseTokenParts[],
): Promise<Examined[] | SettleReply> {
  const [answer, ...examined] = (await run("examine", queue, { request }, tokens.map(lease))) as [
    Buffer,
    ...Buffer[],
  ];
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
      retrySettings: reader.rest(),
    };
  });
}

export async function runSettle(
  run: RunScript,
  queue: string,
  request: Uint8Array,
  items: readonly SettleItem[],
  journalMax: number,
): Promise<SettleReply | undefined> {
  const answer = (await run(
    "settle",
    queue,
    { request, isolate_at: ISOLATE_AFTER_EXPIRIES, journal_max: journalMax },
    items.map((item) => ({
      ...lease(item.token),
      version: item.version ?? "",
      kind: KINDS[item.kind],
      delay: item.delayMs ?? 0,
      qreason: item.quarantineReason ? QUARANTINE_REASONS[item.quarantineReason] : 0,
      reason: item.reason ? REASONS[item.reason] : 0,
      failure: item.failure ?? "",
      note: item.note ?? "",
    })),
  )) as Buffer | [Buffer];
  if (Array.isArray(answer)) return readSettled(answer[0], true);
  return answer.length === 0 ? undefined : readSettled(answer, false);
}

export async function runExtend(
  run: RunScript,
  queue: string,
  items: readonly ExtendItem[],
  journalMax: number,
): Promise<ExtendReply[]> {
  const reply = (await run(
    "extend",
    queue,
    { journal_max: journalMax },
    items.map((item) => ({ ...lease(item.token), lease: item.leaseMs ?? "" })),
  )) as Buffer;
  const reader = new ReplyReader(reply);
  return items.map(() => ({
    status: tokenStatus(reader.u8()),
    leaseExpireAtMs: reader.optionalMs(),
  }));
}

export async function runLeases(
  run: RunScript,
  queue: string,
  session: Uint8Array,
): Promise<HeldLease[]> {
  const held = new Map<string, HeldLease>();
  let cursor = "0";
  do {
    const reply = await run("leases", queue, { session, cursor }, []);
    const [next, page] = reply as [Buffer, Buffer];
    const reader = new ReplyReader(page);
    while (!reader.done) {
      const id = reader.bytes(16);
      held.set(Buffer.from(id).toString("latin1"), {
        id,
        deliveryNumber: reader.u32(),
        nonce: reader.bytes(16),
        bytes: reader.u32(),
        isolated: reader.u8() === 1,
      });
    }
    cursor = String(next);
  } while (cursor !== "0");
  return [...held.values()];
}

function lease(token: LeaseTokenParts) {
  return { id: token.messageId, delivery: token.deliveryNumber, nonce: token.nonce };
}

function tokenStatus(n: number): TokenStatus {
  const status = STATUSES[n - 1];
  if (status === undefined) throw new Error(`the store answered with an unknown status ${n}`);
  return status;
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
