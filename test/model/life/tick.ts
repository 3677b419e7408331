import { barrier, charge } from "./barriers.ts";
import type { Life } from "./life.ts";
import { BREAKER } from "./limiters.ts";
import { type Message, needsIsolation, type Token } from "./message.ts";
import { endHolds } from "./orders.ts";
import { eraseDeleted } from "./undelete.ts";

/** While leases are out some server ticks each second: a longer silence was an outage. */
const SILENCE_MS = 2_500;
/** Ticks are noted at most so often: a silence may be measured longer by this. */
const NOTED_EACH_MS = 1_000;
const CRASH_LOOP = 5;

/** What a stream has room for. */
export interface Offer {
  session: string;
  count: number;
  bytes: number;
  leaseMs: number;
  /** It holds nothing: may take what must be alone, or what is larger than its bytes. */
  canIsolate: boolean;
}

/** One delivery, as it was returned. */
export interface HandedOut {
  offer: number;
  token: Token;
  attempts: number;
  failures: number;
  reason: string;
  isolated: boolean;
  outcomeUnknown: boolean;
  dueAtMs: number;
  expireAtMs: number | undefined;
  leaseExpireAtMs: number;
  envelope: string;
  /** Of the second failure on. */
  latestFailure: string | undefined;
}

export interface Ended {
  lost: { id: string; session: string; number: number; state: string }[];
  ended: { id: string; state: "QUARANTINED" | "EXPIRED"; cause: "expired" | "retention" }[];
}

/** Takes back leases that are over, ends lives and holds that are: what a tick does before it hands out. */
export function tend(life: Life): Ended {
  const leased = life.inState("IN_FLIGHT");
  const silence = life.nowMs - life.tendedAtMs;
  if (leased.length > 0 && silence > SILENCE_MS) life.resumedAtMs = life.nowMs;
  if (leased.length > 0) noteTick(life);
  const lost = leased.flatMap((message) => expire(life, message));
  const ended = endLives(life);
  eraseDeleted(life);
  endHolds(life);
  return { lost, ended };
}

/** Takes note of a tick while leases are out. */
function noteTick(life: Life): void {
  if (life.nowMs - life.tendedAtMs >= NOTED_EACH_MS) life.tendedAtMs = life.nowMs;
}

function expire(life: Life, message: Message): Ended["lost"] {
  const { lease, id, deliveries: number } = message;
  if (!lease || lease.endsAtMs > life.nowMs) return [];
  // Workers could not report in an outage: one lease more from its end, once.
  const graceEndMs = life.resumedAtMs + Math.min(lease.lengthMs, life.settings.graceMs);
  if (graceEndMs > life.nowMs && !lease.hadGrace) {
    lease.endsAtMs = graceEndMs;
    lease.hadGrace = true;
    return [];
  }
  const breaker = life.breakerOf(message);
  // While what it calls is down, it says nothing of the message.
  const isExempt = breaker !== undefined && breaker.state !== "CLOSED";
  if (breaker?.isProbe(lease)) breaker.open(life.nowMs);
  if (!isExempt) message.expiries++;
  message.doubt++;
  life.counts.lease_expiries++;
  if (message.expiries >= CRASH_LOOP) life.quarantine(message, "CRASH_LOOP");
  else life.schedule(message, life.nowMs);
  return [{ id, session: lease.session, number, state: message.state }];
}

function endLives(life: Life): Ended["ended"] {
  const { ttlAction, retentionMs } = life.settings;
  const ended: Ended["ended"] = [];
  for (const message of life.inState("SCHEDULED")) {
    const { id, expireAtMs = Number.POSITIVE_INFINITY } = message;
    if (expireAtMs > life.nowMs) continue;
    if (ttlAction === "discard") life.leave(message, "expired");
    else life.quarantine(message, "TTL_EXPIRED");
    const state = ttlAction === "discard" ? "EXPIRED" : "QUARANTINED";
    ended.push({ id, state, cause: "expired" });
  }
  for (const message of retentionMs > 0 ? life.inState("QUARANTINED") : []) {
    if (message.sinceMs + retentionMs > life.nowMs) continue;
    life.leave(message, "expired");
    ended.push({ id: message.id, state: "EXPIRED", cause: "retention" });
  }
  return ended;
}

/** A stream while it is handed messages. */
export interface Room extends Offer {
  taken: number;
  alone: boolean;
}

/** What was due before anything was handed out, and what has become of it. */
export interface HandOut {
  readonly due: readonly Message[];
  /** Hand-outs of the queue before these. */
  readonly before: number;
  readonly handed: readonly Message[];
  readonly rooms: readonly Room[];
}

/** Judges what was handed out to these streams one by one, and takes note of it. */
export function handOut(
  life: Life,
  offers: readonly Offer[],
  out: readonly HandedOut[],
): HandOut & { wrong: string[] } {
  const wrong: string[] = [];
  const before = life.counts.deliveries;
  const due = life.inState("SCHEDULED").filter(({ dueAtMs }) => dueAtMs <= life.nowMs);
  const rooms = offers.map((offer) => ({ ...offer, taken: 0, alone: false, offer }));
  const heldBefore = offers.map(({ session }) => life.heldBy(session));
  const handed: Message[] = [];
  for (const claim of out) {
    const message = life.messages.get(claim.token.id);
    const room = rooms[claim.offer];
    if (!message || !room || !due.includes(message) || message.state !== "SCHEDULED") {
      wrong.push(`${claim.token.id} was handed out and is not due`);
      continue;
    }
    const why = barrier(life, message);
    if (why !== undefined) wrong.push(`${message.id} was handed out, and ${why}`);
    wrong.push(...misjudged(life, message, claim, room.offer));
    const held = heldBefore[claim.offer] ?? [];
    if (needsIsolation(message) && (held.length > 0 || room.taken > 0 || !room.canIsolate)) {
      wrong.push(`${message.id} must be alone, its stream holds others`);
    }
    if (room.alone || held.some(needsIsolation))
      wrong.push(`${message.id} joins one that must be alone`);
    if (room.taken >= room.count) wrong.push(`${room.session} got more than its room`);
    const fits = message.envelope.length <= room.bytes || (room.canIsolate && room.taken === 0);
    if (!fits) wrong.push(`${room.session} got more bytes than its room`);
    room.taken++;
    room.bytes -= message.envelope.length;
    room.alone = needsIsolation(message);
    take(life, message, claim, room.offer);
    handed.push(message);
  }
  if (handed.length > 0) noteTick(life);
  return { due, before, handed, rooms, wrong };
}

/** What a hand-out says of a message that is not so. */
function misjudged(life: Life, message: Message, claim: HandedOut, offer: Offer): string[] {
  const { reason, attempts, failures, dueAtMs, expireAtMs, envelope, latestFailure } = message;
  const expected = {
    ...{ reason, attempts, failures, dueAtMs, expireAtMs, envelope },
    latestFailure: failures > 1 ? latestFailure : undefined,
    isolated: needsIsolation(message),
    outcomeUnknown: message.doubt > 0,
    leaseExpireAtMs: life.nowMs + leaseOf(life, message, offer).lengthMs,
    number: message.deliveries + 1,
  };
  const said = { ...claim, number: claim.token.number };
  return (Object.keys(expected) as (keyof typeof expected)[])
    .filter((name) => said[name] !== expected[name])
    .map((name) => `${message.id}: ${name} is ${said[name]}, not ${expected[name]}`);
}

/** Behind a breaker that is not closed, what is handed out is a try whether it may close. */
function leaseOf(life: Life, message: Message, { leaseMs }: Offer) {
  const state = life.breakerOf(message)?.state ?? "CLOSED";
  if (state === "CLOSED") return { lengthMs: leaseMs, isProbe: false };
  return { lengthMs: Math.min(leaseMs, BREAKER.probeLeaseMs), isProbe: true };
}

function take(life: Life, message: Message, { token }: HandedOut, offer: Offer): void {
  const { session } = offer;
  const { nonce } = token;
  const { lengthMs, isProbe } = leaseOf(life, message, offer);
  const breaker = life.breakerOf(message);
  if (breaker?.state === "OPEN") breaker.halfOpen(life.nowMs);
  charge(life, message);
  message.state = "IN_FLIGHT";
  message.deliveries = token.number;
  message.rejoined = false;
  const sinceMs = life.nowMs;
  message.lease = { nonce, session, lengthMs, endsAtMs: sinceMs + lengthMs, sinceMs, isProbe };
  life.counts.deliveries++;
}
