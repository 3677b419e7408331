import { randomBytes } from "node:crypto";
import fc from "fast-check";
import type { Reservation } from "../../../src/app/delivery/session.ts";
import { reportTick } from "../../../src/loops/report.ts";
import { NO_METRICS } from "../../../src/observe/metrics.ts";
import type { Claimed, SessionCredit, TickReply } from "../../../src/store/contract.ts";
import { giveBack } from "../life/ack.ts";
import { opensAtMs } from "../life/barriers.ts";
import type { Life } from "../life/life.ts";
import { type Message, needsIsolation, type Token } from "../life/message.ts";
import { type HandedOut, handOut, type Offer, tend } from "../life/tick.ts";
import { unclaimed } from "../life/unclaimed.ts";
import { QUEUE, SILENT_LOG } from "../real/names.ts";
import type { Rig } from "../real/rig.ts";
import { WORKERS, type Worker } from "../real/streams.ts";
import { advance, type Play, step } from "./play.ts";
import { hexOf, LOST, lines, resultOf, same } from "./results.ts";

/** What becomes of a tick: `late` reaches the store after its claim was given up. */
const FATES = [
  "answered",
  "answered",
  "answered",
  "answered",
  "reply lost",
  "request lost",
  "late",
] as const;
type Fate = (typeof FATES)[number];

interface TickArgs {
  /** Workers whose streams read, and which of them may take what must be alone. */
  offers: readonly { worker: number; alone: boolean }[];
  fate: Fate;
  /** Times that a claim is given back. */
  abandons: number;
  /** Whether what was claimed is also written to the streams. */
  written: boolean;
}

export const tickStep = () =>
  fc
    .record<TickArgs>({
      offers: fc.uniqueArray(fc.record({ worker: fc.nat(2), alone: fc.boolean() }), {
        selector: ({ worker }) => worker,
        maxLength: 3,
      }),
      fate: fc.constantFrom(...FATES),
      abandons: fc.constantFrom(1, 2),
      written: fc.constantFrom(true, true, false),
    })
    .map((args) =>
      step("Tick", args, async (play, rig, given) => {
        await tick(play, rig, given);
      }),
    );

/** Workers that die of what they get, one after the other: leases end unreported. */
export const deathsStep = () =>
  fc.record({ turns: fc.integer({ min: 1, max: 6 }), alone: fc.boolean() }).map((args) =>
    step("Deaths", args, async (play, rig, { turns, alone }) => {
      const offers = WORKERS.map((_, worker) => ({ worker, alone }));
      const common = { fate: "answered", abandons: 1, written: true } as const;
      for (let turn = 0; turn < turns; turn++) {
        await tick(play, rig, { ...common, offers });
        await advance(play, rig, 31_000);
        await tick(play, rig, { ...common, offers: [] });
      }
    }),
  );

/** Ticks of a stream with room, one after the other, until nothing is due that it could have. */
export async function chase(play: Play, rig: Rig): Promise<void> {
  const offers = [{ worker: 0, alone: false }];
  let idle = 0;
  while (idle < MOST_IDLE) {
    const before = play.life.counts.deliveries;
    const reply = await tick(play, rig, { offers, fate: "answered", abandons: 1, written: true });
    if (reply?.nextDueAtMs === undefined || reply.nextDueAtMs > reply.nowMs) return;
    if (reply.headTooLarge) return;
    idle = play.life.counts.deliveries > before ? 0 : idle + 1;
  }
  throw new Error("something is due, and no tick hands it out");
}

export const chaseStep = () =>
  fc.constant(undefined).map((args) => step("Chase", args, (play, rig) => chase(play, rig)));

/** Ticks that only find out what is closed. */
const MOST_IDLE = 20;

/** Its reply, if it was not lost and a stream had room. */
async function tick(play: Play, rig: Rig, args: TickArgs): Promise<TickReply | undefined> {
  const taken = args.offers.flatMap(({ worker: n, alone }) => {
    const worker = WORKERS[n] as Worker;
    const reservation = rig.streams.reserve(worker, alone);
    return reservation ? [{ worker, reservation }] : [];
  });
  for (const { worker, reservation } of taken) checkRoom(play, worker, reservation);
  const offers = taken.map(({ worker: { name: session, leaseMs }, reservation }): Offer => {
    const { count, bytes, canIsolate } = reservation;
    return { session, count, bytes, canIsolate, leaseMs };
  });
  const sessions = offers.map(({ session, ...credit }): SessionCredit => {
    return { ...credit, sessionId: Buffer.from(session, "hex"), nonce: randomBytes(16) };
  });
  const claimNumber = rig.nextClaimNumber();
  const { settings } = rig;
  const giveUp = () => rig.wired.abandon(QUEUE, claimNumber, sessions);
  const call = () => rig.wired.tick(QUEUE, { claimNumber, sessions, settings });

  if (args.fate === "late") await giveUp();
  if (args.fate === "reply lost") rig.wire.lose("tick", "reply");
  if (args.fate === "request lost") rig.wire.lose("tick", "request");
  const reply = await resultOf(rig.wire, call);

  let claimed: readonly Claimed[] = [];
  if (reply !== LOST) {
    reportTick(
      { registry: rig.streams.registry, observer: NO_METRICS, log: SILENT_LOG, onDeleting() {} },
      QUEUE,
      reply,
    );
    judge(play, reply, offers, args.fate === "late");
    claimed = reply.claimed;
  } else {
    const lost = args.fate === "reply lost" ? (rig.wire.lostReply as TickReply) : undefined;
    if (lost) judge(play, lost, offers, false);
    for (let n = 0; n < args.abandons; n++) {
      // Also this reply may be lost: it is asked again.
      if (n > 0) rig.wire.lose("abandon", "reply");
      if ((await resultOf(rig.wire, giveUp)) === LOST) await giveUp();
    }
    for (const claim of lost?.claimed ?? []) giveBack(play.life, tokenOf(claim, offers));
  }
  taken.forEach(({ reservation }, index) => {
    const own = claimed.filter(({ session }) => session === index);
    reservation.session.settle(reservation, own);
  });
  if (args.written) for (const { worker } of taken) writeTo(play, rig, worker);
  return reply === LOST || taken.length === 0 ? undefined : reply;
}

/** A stream never has more room than its limit leaves it. It may have less, until it is reconciled. */
function checkRoom(play: Play, worker: Worker, { count, bytes }: Reservation): void {
  const held = play.life.heldBy(worker.name);
  if (count > worker.maxInFlight - held.length) {
    throw new Error(`a stream of ${worker.maxInFlight} that holds ${held.length} offers ${count}`);
  }
  const heldBytes = held.reduce((sum, { envelope }) => sum + envelope.length, 0);
  if (bytes > Math.max(0, worker.maxBytes - heldBytes)) throw new Error("too many bytes on offer");
}

function judge(play: Play, reply: TickReply, offers: readonly Offer[], fenced: boolean): void {
  const { life } = play;
  same("the time", reply.nowMs, life.nowMs);
  const { lost, ended } = tend(life);
  const seenLost = reply.lost.map(({ sessionId, id, deliveryNumber, state }) => {
    return { id: hexOf(id), session: hexOf(sessionId), number: deliveryNumber, state };
  });
  same("leases taken back", byId(seenLost), byId(lost));
  same("lives ended", byId(reply.ended.map((end) => ({ ...end, id: hexOf(end.id) }))), byId(ended));
  if (fenced) same("claims of a claim that was given up", reply.claimed.length, 0);
  else {
    const out = reply.claimed.map((claim) => toHandedOut(claim, offers));
    const judged = handOut(life, offers, out);
    const wrong = [...judged.wrong, ...unclaimed(life, judged)];
    if (wrong.length > 0) throw new Error(`handed out:\n${lines(wrong)}`);
  }
  checkHeads(play, reply);
}

/** When to come again. Ends of lives may be named too early, never too late. */
function checkHeads({ life }: Play, reply: TickReply): void {
  const scheduled = life.inState("SCHEDULED");
  const leased = life.inState("IN_FLIGHT");
  const [isolated, others] = [
    scheduled.filter(needsIsolation),
    scheduled.filter((m) => !needsIsolation(m)),
  ];
  if (life.wasLimited) {
    const opens = others.map((m) => Math.max(m.dueAtMs, opensAtMs(life, m)));
    notLater("next due", reply.nextDueAtMs, opens);
    notLater("next isolated", reply.nextIsolatedAtMs, isolatedAt(life, isolated));
  } else {
    same("next due", reply.nextDueAtMs, first(others.map(({ dueAtMs }) => dueAtMs)));
    same("next isolated", reply.nextIsolatedAtMs, first(isolated.map(({ dueAtMs }) => dueAtMs)));
  }
  same(
    "next end of a lease",
    reply.nextLeaseAtMs,
    first(leased.map((m) => m.lease?.endsAtMs ?? 0)),
  );
  same("leases out", reply.leasesOut, leased.length);
  const { retentionMs } = life.settings;
  const kept = retentionMs > 0 ? life.inState("QUARANTINED") : [];
  const ends = [
    ...scheduled.flatMap(({ expireAtMs }) => (expireAtMs === undefined ? [] : [expireAtMs])),
    ...kept.map(({ sinceMs }) => sinceMs + retentionMs),
    ...[...life.turns.values()].flatMap(({ holdEndsAtMs }) => holdEndsAtMs ?? []),
  ];
  notLater("next end", reply.nextEndAtMs, ends);
}

/** One whose key is closed is looked at each second. */
const ISOLATED_LOOK_MS = 1_000;

function isolatedAt(life: Life, isolated: readonly Message[]): number[] {
  return isolated.map((message) => {
    const lookMs = message.key === "" ? 0 : life.nowMs + ISOLATED_LOOK_MS;
    return Math.max(message.dueAtMs, opensAtMs(life, message), lookMs);
  });
}

/** Who sleeps until then misses none of these. */
function notLater(what: string, atMs: number | undefined, instants: readonly number[]): void {
  const firstMs = Math.min(...instants);
  if ((atMs ?? Number.POSITIVE_INFINITY) <= firstMs) return;
  throw new Error(`${what} is ${atMs}, and something may go at ${firstMs}`);
}

function first(instants: readonly number[]): number | undefined {
  return instants.length === 0 ? undefined : Math.min(...instants);
}

function byId<T extends { id: string }>(list: readonly T[]): T[] {
  return list.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

export function tokenOf(claim: Claimed, offers: readonly Pick<Offer, "session">[]): Token {
  const session = offers[claim.session]?.session ?? "";
  return { id: hexOf(claim.id), number: claim.deliveryNumber, nonce: hexOf(claim.nonce), session };
}

function toHandedOut(claim: Claimed, offers: readonly Offer[]): HandedOut {
  const { reason, attempts, isolated, outcomeUnknown, dueAtMs, expireAtMs } = claim;
  const { latestFailure, leaseExpireAtMs } = claim;
  return {
    ...{ reason, attempts, isolated, outcomeUnknown, dueAtMs, expireAtMs, leaseExpireAtMs },
    offer: claim.session,
    token: tokenOf(claim, offers),
    failures: claim.failureCount,
    envelope: Buffer.from(claim.envelope).toString(),
    latestFailure: latestFailure && Buffer.from(latestFailure).toString(),
  };
}

/** What waits for the stream is written to it: now its worker has the tokens. */
export function writeTo(play: Play, rig: Rig, worker: Worker): void {
  for (const claim of rig.streams.of(worker).takeFrame()) {
    play.tokens.push(tokenOf({ ...claim, session: 0 }, [{ session: worker.name }]));
  }
}
