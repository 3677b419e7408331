import { randomBytes } from "node:crypto";
import { giveBack } from "../app/delivery/give-back.ts";
import { QueueIsolation } from "../app/delivery/isolation.ts";
import type { Reservation, Session } from "../app/delivery/session.ts";
import { DlqError } from "../core/errors.ts";
import type { QueueSettings } from "../core/settings.ts";
import type { Turns } from "../core/turns.ts";
import type { Claimed, SessionCredit, Store, TickReply } from "../store/contract.ts";
import { FIRST_PLAN, LEASES_HELD_MS, type Plan, planAfter } from "./plan.ts";
import { type ReportParts, reportTick } from "./report.ts";

export interface PumpParts extends ReportParts {
  store: Pick<Store, "tick" | "abandon" | "settle">;
  settingsOf(queue: string): QueueSettings;
  random(): number;
  /**
   * Increases with each call, over all pumps of this process. A fence refuses this number and lower
   * ones.
   */
  nextClaimNumber(): number;
  /** Shared by all pumps: however many wake in the same instant, few tick at once. */
  turns: PumpTurns;
}

export interface PumpTurns {
  /** For queues with a stream on this server. */
  readonly delivering: Turns;
  /** For the others, so that they delay no delivery. */
  readonly tending: Turns;
}

/** Wait after an outage of the store, and after any other error. */
const RETRY_MS = 250;
const DEFECT_RETRY_MS = 30_000;
/** The most sessions in one tick, in turn, and the most messages for one of them. */
const SESSIONS_A_TICK = 64;
const CLAIMS_A_SESSION = 200;

/**
 * Delivers one queue on this server. Ticks when a message is due and a session has room, when a
 * lease or a time to live ends, and about every 30 s, in case a hint was lost. Sleeps until the
 * next of these.
 */
export class Pump {
  readonly queue: string;
  readonly #parts: PumpParts;
  #plan: Plan = FIRST_PLAN;
  /** Set when `wake` is called during a tick, which may not have seen the change. */
  #woken = false;
  #wokenAtMs = Number.NEGATIVE_INFINITY;
  /** Something is due and no session has room: only a change makes another tick useful. */
  #blocked = false;
  readonly #isolation: QueueIsolation;
  #turn = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Set while it waits for a turn among the queues without streams. */
  #leaveWait: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(queue: string, parts: PumpParts) {
    this.queue = queue;
    this.#isolation = new QueueIsolation(queue);
    this.#parts = parts;
  }

  /** Something may have changed: a hint, a new stream, or new room. */
  readonly wake = (): void => {
    this.#woken = true;
    this.#blocked = false;
    this.#wokenAtMs = performance.now();
    this.#expectChange(this.#wokenAtMs);
    if (this.#hasStreams) this.#leaveWait?.();
    this.#run();
  };

  get wokenAtMs(): number {
    return this.#wokenAtMs;
  }

  get #hasStreams(): boolean {
    return this.#parts.registry.of(this.queue).size > 0;
  }

  #expectChange(now: number): void {
    const { dueAtMs, tendAtMs } = this.#plan;
    // Also without a stream here: a lease or time to live may now end sooner.
    const sooner = {
      dueAtMs: Math.min(dueAtMs, now),
      tendAtMs: Math.min(tendAtMs, now + LEASES_HELD_MS),
    };
    this.#plan = { ...this.#plan, ...sooner };
  }

  /** Stops after the current tick. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #run(): void {
    if (this.#running !== undefined || this.#stopped) return;
    clearTimeout(this.#timer);
    this.#running = this.#loop()
      .catch((error: unknown) => this.#retryLater(error))
      .finally(() => {
        this.#running = undefined;
        if (!this.#stopped) this.#sleep();
      });
  }

  /** Ticks while there is work to do now. */
  async #loop(): Promise<void> {
    while (
      !this.#stopped &&
      Math.min(this.#plan.dueAtMs, this.#plan.tendAtMs) <= performance.now()
    ) {
      const { delivering, tending } = this.#parts.turns;
      const turns = this.#hasStreams ? delivering : tending;
      const wait = turns.take();
      if (wait !== undefined && !(await this.#waitForTurn(turns, wait))) continue;
      try {
        if (!(await this.#tickIfNeeded())) return;
      } finally {
        turns.end();
      }
    }
  }

  /** Waits for a turn. Returns false if the queue has got its first stream meanwhile. */
  async #waitForTurn(turns: Turns, wait: Promise<void>): Promise<boolean> {
    if (turns === this.#parts.turns.delivering) return wait.then(() => true);
    const left = new Promise<boolean>((resolve) => {
      this.#leaveWait = () => resolve(false);
    });
    const hasTurn = await Promise.race([wait.then(() => true), left]);
    this.#leaveWait = undefined;
    if (!hasTurn) void wait.then(() => turns.end());
    return hasTurn;
  }

  /** Returns whether it ticked. */
  async #tickIfNeeded(): Promise<boolean> {
    const now = performance.now();
    const isDue = this.#plan.dueAtMs <= now;
    const reservations = isDue && !this.#stopped ? this.#reserve() : [];
    const isNeeded = reservations.length > 0 || this.#plan.tendAtMs <= now;
    this.#blocked = isDue && !isNeeded;
    if (this.#stopped || !isNeeded) return false;
    await this.#tick(reservations);
    return true;
  }

  /**
   * Sleeps until the next tick is needed, which may be at once. Due messages without room wait for
   * room.
   */
  #sleep(): void {
    const now = performance.now();
    const { dueAtMs, tendAtMs } = this.#plan;
    const next = this.#hasStreams && !this.#blocked ? Math.min(dueAtMs, tendAtMs) : tendAtMs;
    this.#timer = setTimeout(() => this.#run(), Math.max(0, Math.ceil(next - now)));
    this.#timer.unref();
  }

  /**
   * Reserves room of reading sessions, in turn. Sessions without room call back when they have
   * some.
   */
  #reserve(): Reservation[] {
    const sessions = [...this.#parts.registry.of(this.queue)];
    const reservations: Reservation[] = [];
    const first = this.#turn++ % Math.max(1, sessions.length);
    for (let step = 0; step < sessions.length; step++) {
      const session = sessions[(first + step) % sessions.length] as Session;
      if (reservations.length === SESSIONS_A_TICK) break;
      const wantIsolated = this.#isolation.isWanted(session, this.#plan);
      const reservation = session.reserve(this.queue, CLAIMS_A_SESSION, wantIsolated);
      if (reservation) reservations.push(reservation);
      else session.onceRoom(this.wake);
    }
    return reservations;
  }

  async #tick(reservations: readonly Reservation[]): Promise<void> {
    const { store, random, nextClaimNumber } = this.#parts;
    const settings = this.#parts.settingsOf(this.queue);
    const claimNumber = nextClaimNumber();
    const sessions = reservations.map(({ session, ...room }): SessionCredit => {
      const leaseMs = session.options.leaseMs ?? settings.leaseDurationMs;
      const { count, bytes, canIsolate } = room;
      const sessionId = session.options.id;
      return { sessionId, nonce: randomBytes(16), count, bytes, leaseMs, canIsolate };
    });
    this.#woken = false;
    let reply: TickReply;
    try {
      reply = await store.tick(this.queue, { claimNumber, sessions, settings });
    } catch (error) {
      await this.#abandon(claimNumber, sessions);
      for (const reservation of reservations) reservation.session.settle(reservation, []);
      this.#retryLater(error);
      return;
    }
    // Read before handing out: wake-ups that handing out causes are already in the plan.
    const woken = this.#woken;
    // Before handing out: a session may lose a message and get it again in one tick.
    reportTick(this.#parts, this.queue, reply);
    const unclaimed = this.#handOut(reservations, reply);
    this.#plan = planAfter(reply, this.#plan, performance.now(), random());
    this.#isolation.update(
      this.#plan,
      [...this.#parts.registry.of(this.queue)],
      reservations.some(({ canIsolate }) => canIsolate),
      this.#parts.settingsOf(this.queue).leaseDurationMs,
      this.wake,
    );
    if (woken) this.#expectChange(performance.now());
    if (unclaimed.length > 0) await giveBack(this.#parts, unclaimed);
  }

  /** An outage is logged elsewhere; other errors are bugs and are logged here. */
  #retryLater(error: unknown): void {
    const outage = error instanceof DlqError && error.kind === "STORE_UNAVAILABLE";
    if (!outage)
      this.#parts.log.warn(
        { queue: this.queue, error: describe(error) },
        "tick failed; retrying later",
      );
    const after = (outage ? RETRY_MS : DEFECT_RETRY_MS) * (0.5 + this.#parts.random());
    const at = performance.now() + after;
    this.#plan = { ...this.#plan, dueAtMs: at, tendAtMs: at };
  }

  /**
   * The reply was lost, and maybe a claim with it: returns those messages before anything else is
   * claimed.
   */
  async #abandon(claimNumber: number, sessions: readonly SessionCredit[]): Promise<void> {
    if (sessions.length === 0) return;
    do {
      try {
        await this.#parts.store.abandon(this.queue, claimNumber, sessions);
        return;
      } catch (error) {
        // What cannot be returned becomes due when its lease expires.
        if (error instanceof DlqError && error.kind !== "STORE_UNAVAILABLE") return;
        await new Promise<void>((resolve) => {
          setTimeout(resolve, RETRY_MS * (0.5 + this.#parts.random()));
        });
      }
    } while (!this.#stopped);
  }

  /** Passes claims to their sessions. Returns those of sessions that have ended meanwhile. */
  #handOut(reservations: readonly Reservation[], reply: TickReply): Claimed[] {
    const bySession = Map.groupBy(reply.claimed, ({ session }) => session);
    const unclaimed: Claimed[] = [];
    reservations.forEach((reservation, index) => {
      const claims = bySession.get(index) ?? [];
      if (reservation.session.ended) unclaimed.push(...claims);
      reservation.session.settle(reservation, reservation.session.ended ? [] : claims);
    });
    return unclaimed;
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return `${error.message}${cause}`;
}
