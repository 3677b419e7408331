// Simulates one message of a service that is right, through answers that are cut and a failover that undoes the latest
// writes: the worst that the checker must accept.

import type { SeededRandom } from "../../../support/random.ts";
import type { OutcomeKind, Plan } from "../../history/event.ts";
import { LEASE_MS, Story } from "../story.ts";

export const KIND = "cut-answers+failover-with-lag";
const BEGINS_AT = 10_000;
const DRAIN_MS = 60_000;
const CRASH_LOOP = 5;
/** Plan -> failures before the outcome that ends it. */
const PLANS: Partial<Record<Plan, number>> = { ok: 0, fail1: 1, fail2: 2, quarantine: 0 };
const ODD_OUTCOMES: readonly OutcomeKind[] = ["succeeded", "failed", "released", "discarded"];

/** What the store has of the message. A rollback restores an earlier one. */
interface Stored {
  readonly state: "SCHEDULED" | "IN_FLIGHT" | "QUARANTINED" | "CRASH_LOOP" | "GONE";
  readonly dueAt: number;
  /** When it came into this state. */
  readonly since: number;
  readonly number: number;
  readonly failures: number;
  readonly expiries: number;
  readonly isUnknown: boolean;
  /** While an outcome under it counts. */
  readonly token: string;
  /** Request -> the answer that it gets again. */
  readonly answers: Readonly<Record<string, Answer>>;
}

interface Answer {
  readonly answer: "APPLIED" | "LEASE_LOST" | "NOT_FOUND";
  readonly dueAt?: number;
}

interface Report {
  readonly token: string;
  readonly outcome: OutcomeKind;
  readonly request: string;
  readonly by: string;
}

export class RolledBack {
  readonly story = new Story();
  readonly #random: SeededRandom;
  readonly #steps: { at: number; run: (at: number) => void }[] = [];
  readonly #plan: Plan;
  readonly #lagsAt: number;
  readonly #diesAt: number;
  readonly #backAt: number;
  /** Answers are cut until then. */
  readonly #overAt: number;
  #stored: Stored;
  #names = 0;
  /** Outcomes that are not answered yet. */
  #open = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#plan = random.pick(Object.keys(PLANS) as Plan[]);
    this.#lagsAt = BEGINS_AT + random.below(2_000);
    this.#diesAt = this.#lagsAt + random.between(1_000, 3_000);
    this.#backAt = this.#diesAt + random.between(3_000, 5_000);
    this.#overAt = this.#backAt + 2_500;
    const sentAt = this.#lagsAt - random.below(2_500);
    this.story.send("m", { at: sentAt, plan: this.#plan });
    const nothing = {
      number: 0,
      failures: 0,
      expiries: 0,
      isUnknown: false,
      token: "",
      answers: {},
    };
    this.#stored = { state: "SCHEDULED", dueAt: sentAt, since: sentAt, ...nothing };
    this.#at(sentAt + 3, (at) => this.#tick(at));
    this.#at(this.#lagsAt, () => {
      const kept = this.#stored;
      this.#at(this.#backAt, () => {
        this.#stored = kept;
      });
    });
  }

  /** Returns the history. */
  run(): Story {
    for (;;) {
      this.#steps.sort((a, b) => a.at - b.at);
      const next = this.#steps.shift();
      if (next === undefined) break;
      next.run(next.at);
    }
    const { state, number, failures } = this.#stored;
    const isLoop = state === "CRASH_LOOP";
    const quarantineReason = isLoop ? "CRASH_LOOP" : "WORKER_REQUEST";
    if (isLoop || state === "QUARANTINED") {
      this.story.keep("m", { number, attempts: failures, quarantineReason });
    }
    this.story.fault(KIND, BEGINS_AT, this.#overAt - BEGINS_AT);
    for (const events of this.story.events.values()) events.sort((a, b) => a.at - b.at);
    return this.story;
  }

  #at(at: number, run: (at: number) => void): void {
    this.#steps.push({ at, run });
  }

  #isCut(at: number): boolean {
    return at > BEGINS_AT && at < this.#overAt;
  }

  #isDown(at: number): boolean {
    return at >= this.#diesAt && at < this.#backAt;
  }

  #tick(at: number): void {
    const { state } = this.#stored;
    const hasEnded = state !== "SCHEDULED" && state !== "IN_FLIGHT";
    const isOver = at > this.#backAt && hasEnded && this.#open === 0;
    if (isOver || at > this.#backAt + DRAIN_MS) return;
    this.#at(at + this.#random.between(20, 150), (next) => this.#tick(next));
    if (hasEnded || this.#isDown(at) || this.#stored.dueAt > at) return;
    if (state === "IN_FLIGHT") this.#expire(at);
    if (this.#stored.state === "SCHEDULED") this.#claim(at);
  }

  #expire(at: number): void {
    const expiries = this.#stored.expiries + 1;
    const state = expiries < CRASH_LOOP ? "SCHEDULED" : "CRASH_LOOP";
    this.#stored = { ...this.#stored, state, expiries, isUnknown: true, dueAt: at, since: at };
  }

  #claim(at: number): void {
    const { failures, number: before, since, dueAt } = this.#stored;
    const [token, number] = [`token ${++this.#names}`, before + 1];
    // What was due before the rollback may have been delivered, and that was lost.
    const mayBeLost = at >= this.#backAt && Math.max(since, dueAt) < this.#backAt;
    const isUnknown = this.#stored.isUnknown || mayBeLost;
    const claimed = { number, token, isUnknown, dueAt: at + LEASE_MS, since: at };
    this.#stored = { ...this.#stored, state: "IN_FLIGHT", ...claimed };
    const random = this.#random;
    if (this.#isCut(at) && random.chance(0.4)) return;
    const late = random.chance(0.1) ? { over: { at: at + random.between(5, 5_000) } } : {};
    this.story.deliver("m", {
      at,
      number,
      attempt: failures + 1,
      unknown: isUnknown,
      token,
      ...late,
    });
    const take = (outcome: OutcomeKind, by: string, ms: number) => {
      this.#open++;
      this.#report(at + ms, { token, outcome, request: `request ${++this.#names}`, by });
    };
    const isOdd = random.chance(0.3);
    for (let n = 0; isOdd && n < 2; n++) {
      take(random.pick(ODD_OUTCOMES), "odd-worker", random.between(5, 7_000));
    }
    const ends = this.#plan === "quarantine" ? "quarantined" : "succeeded";
    const outcome = failures < (PLANS[this.#plan] ?? 0) ? "failed" : ends;
    take(
      outcome,
      "worker",
      random.chance(0.6) ? random.between(5, 200) : random.between(200, 6_000),
    );
  }

  /** Reports an outcome, again and again until there is an answer. */
  #report(at: number, report: Report): void {
    this.#at(at, () => {
      const random = this.#random;
      const isLost = this.#isDown(at) || (this.#isCut(at) && random.chance(0.1));
      const answer = isLost ? undefined : this.#settle(at, report);
      const isAnswered = answer !== undefined && !(this.#isCut(at) && random.chance(0.6));
      const { token, outcome, request, by } = report;
      this.story.ack(token, outcome, {
        at,
        request,
        by,
        ...(isAnswered ? answer : { answer: "none" }),
      });
      if (isAnswered) this.#open--;
      else this.#report(at + random.between(200, 5_000), report);
    });
  }

  #settle(at: number, { token, outcome, request }: Report): Answer {
    const known = this.#stored.answers[request];
    if (known !== undefined) return known;
    const answer = this.#apply(at, token, outcome);
    const answers = { ...this.#stored.answers, [request]: answer };
    this.#stored = { ...this.#stored, answers };
    return answer;
  }

  #apply(at: number, token: string, outcome: OutcomeKind): Answer {
    const stored = this.#stored;
    if (stored.state === "GONE") return { answer: "NOT_FOUND" };
    if (stored.token !== token) return { answer: "LEASE_LOST" };
    const ended = { ...stored, token: "" };
    if (outcome === "failed" || outcome === "released") {
      const isFailed = outcome === "failed";
      const dueAt = at + (isFailed ? this.#random.between(100, 300) : 1_001);
      const counts = isFailed ? { failures: stored.failures + 1, expiries: 0 } : {};
      this.#stored = { ...ended, state: "SCHEDULED", dueAt, since: at, ...counts };
      return { answer: "APPLIED", dueAt };
    }
    this.#stored = { ...ended, state: outcome === "quarantined" ? "QUARANTINED" : "GONE" };
    return { answer: "APPLIED" };
  }
}
