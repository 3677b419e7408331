import { randomBytes } from "node:crypto";
import { giveBack } from "../app/delivery/give-back.ts";
import type { Reservation, Session } from "../app/delivery/session.ts";
import type { SessionRegistry } from "../app/delivery/session-registry.ts";
import type { DecisionLog, Observer } from "../app/observer.ts";
import { formatMessageId } from "../core/message-id.ts";
import type { QueueSettings } from "../core/settings.ts";
import type { Claimed, SessionCredit, Store, TickReply } from "../store/contract.ts";

export interface PumpParts {
  store: Pick<Store, "tick" | "abandon" | "settle">;
  registry: SessionRegistry;
  settingsOf(queue: string): QueueSettings;
  random(): number;
  observer: Observer;
  log: DecisionLog;
}

/** Without any sign, look again after about this long. */
const SAFETY_MS = 30_000;
/** While leases are out, somebody looks this often: silence is how the store sees an outage. */
const LEASES_OUT_MS = 1_000;
/** A store that did not answer is asked again after about this long. */
const RETRY_MS = 250;
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
  /** On the monotonic clock, in milliseconds: the store's instants, brought over at each reply. */
  #dueAt = 0;
  #tendAt = 0;
  /** A sign came while a tick was under way, which may not have seen what it was about. */
  #woken = false;
  /** Something is due and no stream has room for it: only a sign makes another look worthwhile. */
  #blocked = false;
  #claimNumber = 0;
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
    this.#dueAt = Math.min(this.#dueAt, now);
    // Also with no stream here: what has changed may end sooner than was known.
    this.#tendAt = Math.min(this.#tendAt, now + LEASES_OUT_MS);
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
    this.#running = this.#loop().finally(() => {
      this.#running = undefined;
      if (!this.#stopped) this.#sleep();
    });
  }

  /** Ticks as long as there is work that can be done now. */
  async #loop(): Promise<void> {
    while (!this.#stopped) {
      const now = performance.now();
      const isDue = this.#dueAt <= now;
      const reservations = isDue ? this.#reserve() : [];
      this.#blocked = isDue && reservations.length === 0;
      if (reservations.length === 0 && this.#tendAt > now) return;
      await this.#tick(reservations);
    }
  }

  /**
   * Until the next instant that needs a tick. It may have passed since the loop looked, or a sign
   * may have come: then at once. Due messages without room wait for the room.
   */
  #sleep(): void {
    const now = performance.now();
    const hasStreams = this.#parts.registry.of(this.queue).size > 0;
    const next = hasStreams && !this.#blocked ? Math.min(this.#dueAt, this.#tendAt) : this.#tendAt;
    this.#timer = setTimeout(() => this.#run(), Math.max(0, Math.ceil(next - now)));
    this.#timer.unref();
  }

  /** Takes room from the streams that read, in turn; asks those that have none to call back. */
  #reserve(): Reservation[] {
    const sessions = [...this.#parts.registry.of(this.queue)];
    const reservations: Reservation[] = [];
    const first = this.#turn++ % Math.max(1, sessions.length);
    for (let step = 0; step < sessions.length; step++) {
      const session = sessions[(first + step) % sessions.length] as Session;
      if (reservations.length === SESSIONS_A_TICK) break;
      const reservation = session.reserve(this.queue, CLAIMS_A_SESSION);
      if (reservation) reservations.push(reservation);
      else session.onceRoom(this.wake);
    }
    return reservations;
  }

  async #tick(reservations: readonly Reservation[]): Promise<void> {
    const settings = this.#parts.settingsOf(this.queue);
    const claimNumber = ++this.#claimNumber;
    const sessions = reservations.map(({ session, count, bytes, idle }): SessionCredit => {
      const leaseMs = session.options.leaseMs ?? settings.leaseDurationMs;
      return { sessionId: session.options.id, nonce: randomBytes(16), count, bytes, leaseMs, idle };
    });
    this.#woken = false;
    let reply: TickReply;
    try {
      reply = await this.#parts.store.tick(this.queue, { claimNumber, sessions, settings });
    } catch {
      await this.#abandon(claimNumber, sessions);
      for (const reservation of reservations) reservation.session.settle(reservation, []);
      this.#tendAt = performance.now() + RETRY_MS * (0.5 + this.#parts.random());
      this.#dueAt = this.#tendAt;
      return;
    }
    // Only signs from elsewhere: those that handing out gives itself are known to the plan.
    const woken = this.#woken;
    // Before the claims: a session may lose a message and get it again in one tick.
    this.#tellLost(reply);
    const orphans = this.#handOut(reservations, reply);
    this.#isolate(reservations, reply);
    this.#plan(reservations, reply);
    if (woken) this.#expectChange(performance.now());
    if (orphans.length > 0) await giveBack(this.#parts.store, orphans, this.#parts.log);
  }

  /** The reply is lost, and with it perhaps a claim: given back before anything else is claimed. */
  async #abandon(claimNumber: number, sessions: readonly SessionCredit[]): Promise<void> {
    if (sessions.length === 0) return;
    while (!this.#stopped) {
      try {
        await this.#parts.store.abandon(this.queue, claimNumber, sessions);
        return;
      } catch {
        await new Promise<void>((resolve) => {
          setTimeout(resolve, RETRY_MS * (0.5 + this.#parts.random()));
        });
      }
    }
  }

  #tellLost({ lost, ended, nowMs }: TickReply): void {
    const { registry, observer, log } = this.#parts;
    for (const { sessionId, id, state, heldMs } of lost) {
      registry.get(formatMessageId(sessionId))?.release(this.queue, id);
      observer.attempt(this.queue, "expired");
      if (state === "QUARANTINED") observer.attempt(this.queue, "quarantined");
      const facts = { queue: this.queue, id: formatMessageId(id), state, heldMs };
      log.warn(facts, state === "QUARANTINED" ? "crash loop, quarantined" : "lease expired");
    }
    for (const { id, state } of ended) {
      if (state === "EXPIRED") {
        observer.left(this.queue, Math.max(0, nowMs - Buffer.from(id).readUIntBE(0, 6)));
      }
      log.info({ queue: this.queue, id: formatMessageId(id), state }, "time to live ended");
    }
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
    for (const { dueAtMs } of reply.claimed) {
      this.#parts.observer.dueLag(this.queue, Math.max(0, reply.nowMs - dueAtMs));
    }
    return orphans;
  }

  /** A suspect is due and no stream was empty: one of them takes nothing more until it is. */
  #isolate(reservations: readonly Reservation[], reply: TickReply): void {
    const waiting = reply.nextIsolatedAtMs !== undefined && reply.nextIsolatedAtMs <= reply.nowMs;
    const sessions = [...this.#parts.registry.of(this.queue)];
    if (!waiting) {
      for (const session of sessions) session.endQuiet(this.queue);
      return;
    }
    const offered = reservations.some(({ idle }) => idle);
    if (offered || sessions.some(({ quiet }) => quiet)) return;
    const calmest = sessions.toSorted((a, b) => a.held - b.held)[0];
    calmest?.quietFor(this.queue);
  }

  #plan(reservations: readonly Reservation[], reply: TickReply): void {
    const now = performance.now();
    const at = (instantMs: number | undefined) =>
      instantMs === undefined
        ? Number.POSITIVE_INFINITY
        : now + Math.max(0, instantMs - reply.nowMs);
    this.#dueAt = Math.min(at(reply.nextDueAtMs), at(reply.nextIsolatedAtMs));
    if (this.#dueAt <= now && reservations.length > 0 && reply.claimed.length === 0) {
      // There was room and nothing fitted: a large message, or a suspect that needs an empty
      // stream. Only ended leases change that.
      this.#dueAt = now + LEASES_OUT_MS;
      for (const { session } of reservations) session.onceRoom(this.wake);
    }
    const safety = now + SAFETY_MS * (0.75 + 0.5 * this.#parts.random());
    const leases = reply.leasesOut > 0 ? now + LEASES_OUT_MS : Number.POSITIVE_INFINITY;
    this.#tendAt = Math.min(safety, leases, at(reply.nextLeaseAtMs), at(reply.nextEndAtMs));
  }
}
