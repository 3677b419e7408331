import { CRASH_LOOP_EXPIRIES, ISOLATE_AFTER_EXPIRIES } from "../../../core/lifetime.ts";
import { createdAtMs } from "../../../core/message-id.ts";
import type {
  Claimed,
  ClaimedSession,
  EndedLife,
  LostLease,
  TickReply,
  TickRequest,
} from "../../contract.ts";
import type { Bodies } from "../bodies.ts";
import type { StoreContext } from "../context.ts";
import type { LifeClock } from "../life-clock.ts";
import { LAYOUTS } from "../packed/layouts.ts";
import { optionalMs, Reader } from "../packed/reader.ts";
import { packRetention } from "../retention.ts";
import { storedBreakerState, storedReason, storedState } from "../states.ts";

/** Most of each kind of work that one tick does: others wait for the script. */
const TICK_BATCH = 200;
/** Envelope bytes of one reply, unless a single message is larger. */
const REPLY_BYTES = 4 * 1024 * 1024;

export interface TickSetup {
  /** Names this process, and no other one before or after it. */
  claimer: string;
  /** Longest time by which lease expiry waits after an outage. */
  graceMs: number;
  /** Follows the store's clock by the replies. */
  lifeClock: LifeClock;
}

export async function runTick(
  { run, outboxMaxBytes, bodies, deliverySettingsOf, historyChangedAtMs }: StoreContext,
  queue: string,
  request: TickRequest,
  { claimer, graceMs, lifeClock }: TickSetup,
): Promise<TickReply> {
  const { settings } = request;
  const header = {
    claimNumber: request.claimNumber,
    batch: TICK_BATCH,
    replyBytes: REPLY_BYTES,
    grace: graceMs,
    isolateAt: ISOLATE_AFTER_EXPIRIES,
    crashLoopAt: CRASH_LOOP_EXPIRIES,
    ttlDiscards: settings.ttlAction === "discard" ? 1 : 0,
    livesUntil: lifeClock.limitAtMs,
    livesFrom: lifeClock.steppedAtMs,
    retention: settings.quarantineRetentionMs,
    paused: settings.paused ? 1 : 0,
    pausedUntil: settings.pausedUntilAtMs ?? 0,
    historyChanged: historyChangedAtMs(),
    outboxMaxBytes,
    claimer,
    deletedRetention: packRetention({
      succeededMs: settings.retainSucceededMs ?? 0,
      deletedMs: settings.retainDeletedMs ?? 0,
      maxBytes: 0,
    }),
    deliverySettings: deliverySettingsOf(queue),
  };
  const sessions = request.sessions.map((session) => ({
    session: session.sessionId,
    nonce: session.nonce,
    count: session.count,
    bytes: session.bytes,
    lease: session.leaseMs,
    canIsolate: session.canIsolate ? 1 : 0,
  }));
  const reply = await run("tick", queue, header, sessions);
  const [head, lost, ended, ...claims] = reply as [Buffer, Buffer, Buffer, ...ClaimValue[]];
  const tick = new Reader(head).read(LAYOUTS.tick);
  lifeClock.observe(tick.now);
  return {
    nowMs: tick.now,
    deleting: tick.deleting,
    headTooLarge: tick.headTooLarge,
    nextDueAtMs: optionalMs(tick.nextDue),
    nextIsolatedAtMs: optionalMs(tick.nextIsolated),
    nextLeaseAtMs: optionalMs(tick.nextLease),
    nextEndAtMs: optionalMs(tick.nextEnd),
    tendAtMs: optionalMs(tick.tendAt),
    leasesOut: tick.leasesOut,
    deliveryStatus: {
      paused: tick.paused,
      breaker: storedBreakerState(tick.breaker),
      retryAtMs: optionalMs(tick.retryAt),
      openBreakers: tick.openBreakers,
    },
    firstMoveAtMs: optionalMs(tick.firstMove),
    lost: readLost(lost),
    ended: readEnded(ended),
    claimed: readClaims(queue, request, claims, bodies),
  };
}

export async function runAbandon(
  { run, outboxMaxBytes, deliverySettingsOf, historyChangedAtMs }: StoreContext,
  queue: string,
  claimNumber: number,
  sessions: readonly ClaimedSession[],
  claimer: string,
): Promise<void> {
  const header = {
    claimNumber,
    historyChanged: historyChangedAtMs(),
    outboxMaxBytes,
    claimer,
    deliverySettings: deliverySettingsOf(queue),
  };
  const items = sessions.map(({ sessionId, nonce }) => ({ session: sessionId, nonce }));
  await run("abandon", queue, header, items);
}

function readLost(bytes: Buffer): LostLease[] {
  const reader = new Reader(bytes);
  const lost: LostLease[] = [];
  while (!reader.done) {
    const { session, id, delivery, state, held } = reader.read(LAYOUTS.lostLease);
    lost.push({
      sessionId: session,
      id,
      deliveryNumber: delivery,
      state: storedState(state),
      heldMs: held,
    });
  }
  return lost;
}

function readEnded(bytes: Buffer): EndedLife[] {
  const reader = new Reader(bytes);
  const ended: EndedLife[] = [];
  while (!reader.done) {
    const { id, state, retained } = reader.read(LAYOUTS.endedLife);
    const cause = retained ? "retention" : "expired";
    ended.push({ id, state: state === 0 ? "EXPIRED" : "QUARANTINED", cause });
  }
  return ended;
}

/** Three values a claim: see lua/tick.lua. */
function readClaims(
  queue: string,
  request: TickRequest,
  values: readonly ClaimValue[],
  bodies: Bodies,
): Claimed[] {
  const claimed: Claimed[] = [];
  for (let at = 0; at < values.length; at += 3) {
    const claim = new Reader(values[at] as Buffer).read(LAYOUTS.claim);
    const stored = values[at + 1];
    const [envelope, edits] = Array.isArray(stored) ? stored : [stored as Buffer, undefined];
    const failure = values[at + 2] as Buffer;
    claimed.push({
      queue,
      session: claim.session,
      isolated: claim.isolated,
      id: claim.id,
      nonce: (request.sessions[claim.session] as { nonce: Uint8Array }).nonce,
      deliveryNumber: claim.delivery,
      attempts: claim.attempts,
      reason: storedReason(claim.reason),
      failureCount: claim.failures,
      outcomeUnknown: claim.unknown > 0,
      dueAtMs: claim.due,
      expireAtMs: optionalMs(claim.expire),
      leaseExpireAtMs: claim.leaseEnd,
      bytes: claim.size,
      createdAtMs: createdAtMs(claim.id),
      envelope: bodies.unpack(envelope),
      edits: edits && bodies.unpack(edits),
      latestFailure: failure.length > 0 ? failure : undefined,
    });
  }
  return claimed;
}

type ClaimValue = Buffer | [envelope: Buffer, edits: Buffer];
