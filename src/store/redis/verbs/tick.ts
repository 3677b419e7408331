import { CRASH_LOOP_EXPIRIES, ISOLATE_AFTER_EXPIRIES } from "../../../core/lifetime.ts";
import { createdAtMs } from "../../../core/message-id.ts";
import type { Claimed, ClaimedSession, LostLease, TickReply, TickRequest } from "../../contract.ts";
import type { Bodies } from "../bodies.ts";
import { ReplyReader } from "../reply.ts";
import { storedBreakerState, storedReason, storedState } from "../states.ts";
import type { RunScript } from "./run.ts";

/** Most of each kind of work that one tick does: others wait for the script. */
const TICK_BATCH = 200;
/** Most envelope bytes in one reply, save a single larger message. */
const REPLY_BYTES = 4 * 1024 * 1024;
/** While leases are out, ticks come each second: more silence than two of them was an outage. */
const SILENCE_MS = 2_500;

export interface TickSetup {
  /** This process, and no other one before or after it of the same name. */
  claimer: string;
  /** Longest wait of expiry after an outage. */
  graceMs: number;
  journalMax: number;
  /** Packed: what holds deliveries back. */
  rules: Uint8Array;
  bodies: Bodies;
}

export async function runTick(
  run: RunScript,
  queue: string,
  request: TickRequest,
  setup: TickSetup,
): Promise<TickReply> {
  const reply = (await run(
    "tick",
    queue,
    {
      claim_number: request.claimNumber,
      batch: TICK_BATCH,
      reply_bytes: REPLY_BYTES,
      silence: SILENCE_MS,
      grace: setup.graceMs,
      isolate_at: ISOLATE_AFTER_EXPIRIES,
      crash_loop_at: CRASH_LOOP_EXPIRIES,
      ttl_discards: request.settings.ttlAction === "discard" ? 1 : 0,
      retention: request.settings.quarantineRetentionMs,
      paused: request.settings.paused ? 1 : 0,
      paused_until: request.settings.pausedUntilAtMs ?? 0,
      journal_max: setup.journalMax,
      claimer: setup.claimer,
      delivery_rules: setup.rules,
    },
    request.sessions.map((session) => ({
      session: session.sessionId,
      nonce: session.nonce,
      count: session.count,
      bytes: session.bytes,
      lease: session.leaseMs,
      idle: session.canIsolate ? 1 : 0,
    })),
  )) as [Buffer, Buffer, Buffer, ...ClaimValue[]];

  const [head, lost, ended, ...claims] = reply;
  const reader = new ReplyReader(head);
  const nowMs = reader.ms();
  return {
    nowMs,
    deleting: reader.u8() === 1,
    headTooLarge: reader.u8() === 1,
    nextDueAtMs: reader.optionalMs(),
    nextIsolatedAtMs: reader.optionalMs(),
    nextLeaseAtMs: reader.optionalMs(),
    nextEndAtMs: reader.optionalMs(),
    leasesOut: reader.u32(),
    deliveryStatus: {
      paused: reader.u8() === 1,
      breaker: storedBreakerState(reader.u8()),
      retryAtMs: reader.optionalMs(),
      openBreakers: reader.u32(),
    },
    firstMoveAtMs: reader.optionalMs(),
    lost: readLost(lost),
    ended: readEnded(ended),
    claimed: readClaims(queue, request, claims, setup.bodies),
  };
}

export async function runAbandon(
  run: RunScript,
  queue: string,
  claimNumber: number,
  sessions: readonly ClaimedSession[],
  setup: Pick<TickSetup, "claimer" | "journalMax" | "rules">,
): Promise<void> {
  await run(
    "abandon",
    queue,
    {
      claim_number: claimNumber,
      journal_max: setup.journalMax,
      claimer: setup.claimer,
      delivery_rules: setup.rules,
    },
    sessions.map(({ sessionId, nonce }) => ({ session: sessionId, nonce })),
  );
}

function readLost(bytes: Buffer): LostLease[] {
  const reader = new ReplyReader(bytes);
  const lost: LostLease[] = [];
  while (!reader.done) {
    lost.push({
      sessionId: reader.bytes(16),
      id: reader.bytes(16),
      deliveryNumber: reader.u32(),
      state: storedState(reader.u8()),
      heldMs: reader.ms(),
    });
  }
  return lost;
}

function readEnded(bytes: Buffer): { id: Uint8Array; state: "QUARANTINED" | "EXPIRED" }[] {
  const reader = new ReplyReader(bytes);
  const ended: { id: Uint8Array; state: "QUARANTINED" | "EXPIRED" }[] = [];
  while (!reader.done) {
    ended.push({ id: reader.bytes(16), state: reader.u8() === 0 ? "EXPIRED" : "QUARANTINED" });
  }
  return ended;
}

/**
 * Three values a claim: its packed facts; the envelope, of an edited message with its edits; the latest
 * failure or nothing.
 */
function readClaims(
  queue: string,
  request: TickRequest,
  values: readonly ClaimValue[],
  bodies: Bodies,
): Claimed[] {
  const claimed: Claimed[] = [];
  for (let at = 0; at < values.length; at += 3) {
    const reader = new ReplyReader(values[at] as Buffer);
    const stored = values[at + 1];
    const [envelope, edits] = Array.isArray(stored) ? stored : [stored as Buffer, undefined];
    const failure = values[at + 2] as Buffer;
    const session = reader.u16();
    const isolated = reader.u8() === 1;
    const id = reader.bytes(16);
    claimed.push({
      queue,
      session,
      isolated,
      id,
      nonce: (request.sessions[session] as { nonce: Uint8Array }).nonce,
      deliveryNumber: reader.u32(),
      attempts: reader.u16(),
      reason: storedReason(reader.u8()),
      failureCount: reader.u16(),
      outcomeUnknown: reader.u16() > 0,
      dueAtMs: reader.ms(),
      expireAtMs: reader.optionalMs(),
      leaseExpireAtMs: reader.ms(),
      bytes: reader.u32(),
      createdAtMs: createdAtMs(id),
      envelope: bodies.unpack(envelope),
      edits: edits && bodies.unpack(edits),
      latestFailure: failure.length > 0 ? failure : undefined,
    });
  }
  return claimed;
}

type ClaimValue = Buffer | [envelope: Buffer, edits: Buffer];
