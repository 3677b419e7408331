import { randomBytes } from "node:crypto";
import fc from "fast-check";
import type { Reservation } from "../../../src/app/delivery/session.ts";
import { tellTick } from "../../../src/loops/tell.ts";
import { NO_METRICS } from "../../../src/observe/metrics.ts";
import type { Claimed, SessionCredit, TickReply } from "../../../src/store/contract.ts";
import { giveBack } from "../life/ack.ts";
import { isSuspect, type Token } from "../life/message.ts";
import { type HandedOut, handOut, type Offer, tend } from "../life/tick.ts";
import { QUEUE, SILENT_LOG } from "../real/names.ts";
import type { Rig } from "../real/rig.ts";
import { WORKERS, type Worker } from "../real/streams.ts";
import { advance, type Play, step } from "./play.ts";
import { heard, hexOf, LOST, lines, same } from "./told.ts";

/** What becomes of a tick: `late` reaches the store after its claim was given up. */
const FATES = ["heard", "heard", "heard", "heard", "reply lost", "request lost", "late"] as const;
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
    .map((args) => step("Tick", args, tick));

/** Workers that die of what they get, one after the other: leases end unreported. */
export const deathsStep = () =>
  fc.record({ turns: fc.integer({ min: 1, max: 6 }), alone: fc.boolean() }).map((args) =>
    step("Deaths", args, async (play, rig, { turns, alone }) => {
      const offers = WORKERS.map((_, worker) => ({ worker, alone }));
      const common = { fate: "heard", abandons: 1, written: true } as const;
      for (let turn = 0; turn < turns; turn++) {
        await tick(play, rig, { ...common, offers });
        await advance(play, rig, 31_000);
        await tick(play, rig, { ...common, offers: [] });
      }
    }),
  );

async function tick(play: Play, rig: Rig, args: TickArgs): Promise<void> {
  const taken = args.offers.flatMap(({ worker: n, alone }) => {
    const worker = WORKERS[n] as Worker;
    const reservation = rig.streams.reserve(worker, alone);
    return reservation ? [{ worker, reservation }] : [];
  });
  for (const { worker, reservation } of taken) checkRoom(play, worker, reservation);
  const offers = taken.map(({ worker: { name: session, leaseMs }, reservation }): Offer => {
    const { count, bytes, idle } = reservation;
    return { session, count, bytes, idle, leaseMs };
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
  const reply = await heard(rig.wire, call);

  let claimed: readonly Claimed[] = [];
  if (reply !== LOST) {
    tellTick(
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
      if ((await heard(rig.wire, giveUp)) === LOST) await giveUp();
    }
    for (const claim of lost?.claimed ?? []) giveBack(play.life, tokenOf(claim, offers));
  }
  taken.forEach(({ reservation }, index) => {
    const own = claimed.filter(({ session }) => session === index);
    reservation.session.settle(reservation, own);
  });
  if (args.written) for (const { worker } of taken) writeTo(play, rig, worker);
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
    const wrong = handOut(life, offers, out);
    if (wrong.length > 0) throw new Error(`handed out:\n${lines(wrong)}`);
  }
  checkHeads(play, reply);
}

/** When to come again. Ends of lives may be named too early, never too late. */
function checkHeads({ life }: Play, reply: TickReply): void {
  const scheduled = life.inState("SCHEDULED");
  const leased = life.inState("IN_FLIGHT");
  const dueOf = (suspects: boolean) =>
    first(scheduled.filter((m) => isSuspect(m) === suspects).map(({ dueAtMs }) => dueAtMs));
  same("next due", reply.nextDueAtMs, dueOf(false));
  same("next suspect", reply.nextIsolatedAtMs, dueOf(true));
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
  ];
  const firstEnd = first(ends);
  if (firstEnd !== undefined && !((reply.nextEndAtMs ?? Number.POSITIVE_INFINITY) <= firstEnd)) {
    throw new Error(`a life ends at ${firstEnd}, the tick says ${reply.nextEndAtMs}`);
  }
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
  for (const claim of rig.streams.of(worker).take()) {
    play.tokens.push(tokenOf({ ...claim, session: 0 }, [{ session: worker.name }]));
  }
}
