import { randomBytes } from "node:crypto";
import { giveBack } from "../app/delivery/give-back.ts";
import type { Reservation, Session } from "../app/delivery/session.ts";
import { DlqError } from "../core/errors.ts";
import type { QueueSettings } from "../core/settings.ts";
import type { Claimed, SessionCredit, Store, TickReply } from "../store/contract.ts";
import { FIRST_PLAN, LEASES_OUT_MS, type Plan, planAfter } from "./plan.ts";
import { type ReportParts, reportTick } from "./report.ts";

export interface PumpParts extends ReportParts {
  store: Pick<Store, "tick" | "abandon" | "settle">;
  settingsOf(queue: string): QueueSettings;
  random(): number;
  /** Grows with each call, over all pumps of this process: a fence bars what is at or below it. */
  nextClaimNumber(): number;
}

/** A store that did not answer is asked again after about this long; after a defect, less often. */
const RETRY_MS = 250;
const DEFECT_RETRY_MS = 30_000;
/** Sessions that share one tick, in turn, and what one of them may take in it. */
const SESSIONS_A_TICK = 64;
const CLAIMS_A_SESSION = 200;

/**
 * Moves one queue on this node: ticks when something is due and a stream has room, when a lease
 * or a life ends, and now and then to be sure. It sleeps exactly until the next of these.
 */
export class Pump {
  readonly queue: string;
  readonly #parts: PumpParts;
  #plan: Plan = FIRST_PLAN;
  /** A sign came while a tick was under way, which may not have seen what it was about. */
  #woken = false;
  /** Something is due and no stream has room for it: only a sign makes another look worthwhile. */
  #blocked = false;
  /** The stream that takes nothing more until it is empty, and since when. */
  #quiet: { session: Session; at: number } | undefined;
  #turn = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(queue: string, parts: PumpParts) {
    this.queue = queue;
    this.#parts = parts;
  }

  /** Something may be due: a hint, a new stream, or room where there was none. */
  readonly wake = (): void => {
    this.#woken = true;
    this.#blocked = false;
    this.#expectChange(performance.now());
    this.#run();
  };

  #expectChange(now: number): void {
    const { dueAt, tendAt } = this.#plan;
    // Also with no stream here: what has changed may end sooner than was known.
    const sooner = { dueAt: Math.min(dueAt, now), tendAt: Math.min(tendAt, now + LEASES_OUT_MS) };
    this.#plan = { ...this.#plan, ...sooner };
  }

  /** Ends after the tick that is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #run(): void {
    if (this.#running !== undefined || this.#stopped) return;
    clearTimeout(this.#timer);
    this.#running = this.#loop()
      .catch((error: unknown) => this.#comeBackLater(error))
      .finally(() => {
        this.#running = undefined;
        if (!this.#stopped) this.#sleep();
      });
  }

  /** Ticks as long as there is work that can be done now. */
  async #loop(): Promise<void> {
    while (!this.#stopped) {
      const now = performance.now();
      const isDue = this.#plan.dueAt <= now;
      const reservations = isDue ? this.#reserve() : [];
      this.#blocked = isDue && reservations.length === 0;
      if (reservations.length === 0 && this.#plan.tendAt > now) return;
      await this.#tick(reservations);
    }
  }

  /**
   * Until the next instant that needs a tick. It may have passed since the loop looked, or a sign
   * may have come: then at once. Due messages without room wait for the room.
   */
  #sleep(): void {
    const now = performance.now();
    const { dueAt, tendAt } = this.#plan;
    const hasStreams = this.#parts.registry.of(this.queue).size > 0;
    const next = hasStreams && !this.#blocked ? Math.min(dueAt, tendAt) : tendAt;
    this.#timer = setTimeout(() => this.#run(), Math.max(0, Math.ceil(next - now)));
    this.#timer.unref();
  }

  /** Takes room from the streams that read, in turn; asks those that have none to call back. */
  #reserve(): Reservation[] {
    const { needsAlone, normalDue } = this.#plan;
    const sessions = [...this.#parts.registry.of(this.queue)];
    const reservations: Reservation[] = [];
    const first = this.#turn++ % Math.max(1, sessions.length);
    for (let step = 0; step < sessions.length; step++) {
      const session = sessions[(first + step) % sessions.length] as Session;
      if (reservations.length === SESSIONS_A_TICK) break;
      // After a suspect it is the turn of the others, if any are due.
      const alone = needsAlone && !(session.hadSuspect && normalDue);
      const reservation = session.reserve(this.queue, CLAIMS_A_SESSION, alone);
      if (reservation) reservations.push(reservation);
      else session.onceRoom(this.wake);
    }
    return reservations;
  }

  async #tick(reservations: readonly Reservation[]): Promise<void> {
    const { store, random, nextClaimNumber } = this.#parts;
    const settings = this.#parts.settingsOf(this.queue);
    const claimNumber = nextClaimNumber();
    const sessions = reservations.map(({ session, count, bytes, idle }): SessionCredit => {
      const leaseMs = session.options.leaseMs ?? settings.leaseDurationMs;
      return { sessionId: session.options.id, nonce: randomBytes(16), count, bytes, leaseMs, idle };
    });
    this.#woken = false;
    let reply: TickReply;
    try {
      reply = await store.tick(this.queue, { claimNumber, sessions, settings });
    } catch (error) {
      await this.#abandon(claimNumber, sessions);
      for (const reservation of reservations) reservation.session.settle(reservation, []);
      this.#comeBackLater(error);
      return;
    }
    // Only signs from elsewhere: those that handing out gives itself are known to the plan.
    const woken = this.#woken;
    // Before the claims: a session may lose a message and get it again in one tick.
    reportTick(this.#parts, this.queue, reply);
    const orphans = this.#handOut(reservations, reply);
    this.#plan = planAfter(reply, this.#plan, performance.now(), random());
    this.#makeRoomAlone(reservations);
    if (woken) this.#expectChange(performance.now());
    if (orphans.length > 0) await giveBack(this.#parts, orphans);
  }

  /** An outage passes and is known elsewhere; anything else is a defect that somebody must see. */
  #comeBackLater(error: unknown): void {
    const outage = error instanceof DlqError && error.kind === "STORE_UNAVAILABLE";
    if (!outage) this.#parts.log.warn({ queue: this.queue, error: describe(error) }, "tick failed");
    const after = (outage ? RETRY_MS : DEFECT_RETRY_MS) * (0.5 + this.#parts.random());
    const at = performance.now() + after;
    this.#plan = { ...this.#plan, dueAt: at, tendAt: at };
  }

  /** The reply is lost, and with it perhaps a claim: given back before anything else is claimed. */
  async #abandon(claimNumber: number, sessions: readonly SessionCredit[]): Promise<void> {
    if (sessions.length === 0) return;
    do {
      try {
        await this.#parts.store.abandon(this.queue, claimNumber, sessions);
        return;
      } catch (error) {
        // What can't be given back at all comes back when its lease expires.
        if (error instanceof DlqError && error.kind !== "STORE_UNAVAILABLE") return;
        await new Promise<void>((resolve) => {
          setTimeout(resolve, RETRY_MS * (0.5 + this.#parts.random()));
        });
      }
    } while (!this.#stopped);
  }

  /** Returns what was claimed for a stream that has ended meanwhile. */
  #handOut(reservations: readonly Reservation[], reply: TickReply): Claimed[] {
    const bySession = Map.groupBy(reply.claimed, ({ session }) => session);
    const orphans: Claimed[] = [];
    reservations.forEach((reservation, index) => {
      const claims = bySession.get(index) ?? [];
      if (reservation.session.ended) orphans.push(...claims);
      reservation.session.settle(reservation, reservation.session.ended ? [] : claims);
    });
    return orphans;
  }

  /**
   * Something due must be alone on its stream, and no stream was empty: one of them takes nothing
   * more until it is. If it keeps what it has for longer than a lease, another one takes its turn.
   */
  #makeRoomAlone(reservations: readonly Reservation[]): void {
    const now = performance.now();
    const sessions = [...this.#parts.registry.of(this.queue)];
    const { leaseDurationMs } = this.#parts.settingsOf(this.queue);
    const quiet = this.#quiet;
    const late = quiet !== undefined && now - quiet.at > leaseDurationMs;
    if (quiet && (!this.#plan.needsAlone || late || quiet.session.ended || !quiet.session.quiet)) {
      quiet.session.endQuiet(this.queue);
      this.#quiet = undefined;
    }
    if (!this.#plan.needsAlone) return;
    for (const session of sessions) {
      session.doubtful = session.held > 0;
      session.onceLeaseEnded(this.wake);
    }
    if (this.#quiet !== undefined || reservations.some(({ idle }) => idle)) return;
    const others = sessions.filter((session) => session !== quiet?.session || !late);
    const calmest = others.toSorted((a, b) => a.held - b.held)[0] ?? sessions[0];
    if (calmest === undefined || calmest.quiet) return;
    calmest.quietFor(this.queue);
    this.#quiet = { session: calmest, at: now };
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return `${error.message}${cause}`;
}
