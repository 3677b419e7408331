// Generates legal histories with a small model of the service, its producers, workers and faults. Each message is
// simulated alone; its events go to the actors involved.

import type { SeededRandom } from "../../../support/random.ts";
import type { HistoryEvent, OutcomeKind, Plan } from "../../history/event.ts";
import { PLANS } from "../../history/event.ts";
import { GUARDED_QUEUE, HOLD_MS, hostOf } from "../../history/guarded-facts.ts";
import { DIVERTED_QUEUE, ROUTES } from "../../history/routes.ts";
import { idAt, STARTED_AT } from "../story.ts";
import { QUEUES as JOB_QUEUES, JobRounds, TARGET } from "./jobs.ts";
import { Life, outcomeOf } from "./life.ts";
import { type Run, RunRecord } from "./record.ts";

const LEASE_MS = 2_000;
const RUN_MS = 20_000;
/** Interval and duration of faults. */
const FAULT_EVERY_MS = 10_000;
const FAULT_MS = 3_000;
/** How long a stream lasts before the next one. */
export const STREAM_MS = 3_000;
const QUEUES = ["orders", GUARDED_QUEUE];
/** Share of messages with a route: more than in a real run, because there are few messages. */
const ROUTED = 0.5;
const MAX_WORK_MS = 100;
const [JOB_ROUNDS, JOB_ROUND_MS] = [6, 1_000];
const HOSTS = 4;
/** How often the breaker of each host opens. */
const OPENS_EVERY_MS = 300;
/** The number of ordering keys, and of messages for each. */
const [ORDERS, CHAIN] = [5, 6];
const CHAIN_PLANS = [
  "ok",
  "ok",
  "ok",
  "fail1",
  "release",
  "bad",
  "quarantine",
  "discard",
  "silent",
] as const;
const WORKERS = ["worker-1", "worker-2", "odd-worker"];

/** A message of an ordering key. It may be delivered from `freeAt` on. */
interface Ordered {
  readonly at: number;
  readonly order: number;
  readonly plan: Plan;
  readonly freeAt: number;
}

interface Held {
  readonly issuedAt: number;
  readonly token: string;
  readonly worker: string;
  readonly attempt: number;
  readonly number: number;
  readonly seenAt: number;
  leaseEnd: number;
}

export function simulate(messages: number, random: SeededRandom): Run {
  return new Simulation(random).run(messages);
}

class Simulation {
  readonly #random: SeededRandom;
  readonly #record = new RunRecord([...QUEUES, DIVERTED_QUEUE, ...JOB_QUEUES, TARGET]);
  /** Host -> when its breaker opens. */
  readonly #openings = new Map<string, number[]>();

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  run(messages: number): Run {
    const role = { role: "producer", language: "python" } as const;
    this.#record.write("producer", { e: "started", at: -1, actor: "producer", ...role });
    for (const actor of WORKERS) this.#openStreams(actor);
    for (let at = 0; at < 8 * RUN_MS; at += FAULT_EVERY_MS) {
      this.#record.fault(1 + at / FAULT_EVERY_MS, at, at + FAULT_MS);
    }
    this.#openBreakers();
    for (let number = 0; number < messages; number++) this.#live(number);
    for (let order = 0; order < ORDERS; order++) this.#chain(order, messages + order * CHAIN);
    new JobRounds(this.#record, this.#random).run(JOB_ROUNDS, JOB_ROUND_MS);
    this.#record.end(9 * RUN_MS, "worker-2");
    return this.#record.run;
  }

  #openStreams(actor: string): void {
    this.#record.write(actor, {
      e: "started",
      at: -1,
      actor,
      role: "worker",
      language: "typescript",
    });
    for (let at = 0; at < 8 * RUN_MS; at += STREAM_MS) {
      const stream = `stream-${at / STREAM_MS}`;
      const opened = { session: `${actor}-session`, leaseMs: LEASE_MS, leasesHeld: 0 };
      this.#record.write(actor, { e: "opened", at, stream, ...opened });
      this.#record.write(actor, { e: "closed", at: at + STREAM_MS - 0.5, stream, why: "reset" });
    }
  }

  #openBreakers(): void {
    for (let host = 0; host < HOSTS; host++) {
      for (let at = 70 * host; at < 8 * RUN_MS; at += OPENS_EVERY_MS) {
        const key = `h${host}`;
        this.#openings.set(key, [...(this.#openings.get(key) ?? []), at]);
        this.#record.opening(GUARDED_QUEUE, key, at);
      }
    }
  }

  /** Messages of one ordering key, one after the other. */
  #chain(order: number, first: number): void {
    const random = this.#random;
    let at = random.below(RUN_MS / 4);
    let freeAt = 0;
    for (let number = first; number < first + CHAIN; number++) {
      at += 1 + random.below(50);
      freeAt = this.#live(number, { at, order, plan: random.pick(CHAIN_PLANS), freeAt });
    }
  }

  /** Simulates one message. Returns when its ordering key is free again. */
  #live(sequence: number, ordered?: Ordered): number {
    const random = this.#random;
    const at = ordered?.at ?? random.below(RUN_MS);
    const plan = ordered?.plan ?? random.pick(Object.keys(PLANS) as Plan[]);
    const key = ordered === undefined ? "" : `.o${ordered.order}`;
    const isRouted = ordered === undefined && random.chance(ROUTED);
    const route = isRouted ? `.${random.pick(Object.keys(ROUTES))}` : "";
    const freeAt = ordered?.freeAt ?? 0;
    const life = new Life({
      id: idAt(at + 1, sequence),
      source: `source-${sequence}${route}.h${sequence % HOSTS}${key}`,
      target: ordered === undefined ? random.pick(QUEUES) : GUARDED_QUEUE,
      plan,
      dueAt: at + (plan === "baseline" ? 30 * 86_400_000 : 1 + random.below(300)),
    });
    if (!this.#send(life, at)) return freeAt;
    this.#record.count(life.queue, "accepted");
    if (life.route === "drop") {
      this.#record.count(life.queue, "discarded");
      return freeAt;
    }
    let now = Math.max(life.dueAt, freeAt);
    while (life.state === "SCHEDULED" && life.plan !== "baseline") {
      now = this.#deliver(life, Math.max(now, life.dueAt) + random.below(20));
    }
    if (life.state !== "GONE") this.#record.run.kept.push(life.kept);
    return life.state === "QUARANTINED" ? now + HOLD_MS : now;
  }

  /** Reports whether the breaker of its host opened after the delivery. */
  #isExempt({ queue, source }: Life, { issuedAt }: Held, at: number): boolean {
    const openings = this.#openings.get(hostOf(source) ?? "") ?? [];
    return queue === GUARDED_QUEUE && openings.some((one) => issuedAt <= one && one < at);
  }

  /** Simulates the send. Returns whether the message exists. */
  #send(life: Life, at: number): boolean {
    const { source, target: queue, plan, route } = life;
    const [id, state] = route === "drop" ? ["", "DISCARDED"] : [life.id, "SCHEDULED"];
    const request = this.#record.name("send");
    const sending = {
      e: "sending",
      request,
      source,
      queue,
      sum: `sum of ${source}`,
      edited: `edited ${source}`,
      plan,
    } as const;
    const failed = { e: "unsent", request, code: "OOPS" } as const;
    this.#record.write("producer", { ...sending, at });
    if (this.#random.chance(0.1)) {
      const refused = this.#random.chance(0.5);
      this.#record.write("producer", { ...failed, at: at + 2, refused });
      if (this.#random.chance(0.3)) return !refused && this.#random.chance(0.5);
      this.#record.write("producer", { ...sending, at: at + 3 });
    }
    const dueAt = route === "drop" ? 0 : STARTED_AT + life.dueAt;
    this.#record.write("producer", {
      e: "sent",
      at: at + 5,
      request,
      id,
      state,
      dueAt,
    });
    return true;
  }

  /** Simulates one claim and its outcome. Returns when it is over. */
  #deliver(life: Life, at: number): number {
    const random = this.#random;
    life.number++;
    this.#record.count(life.queue, "deliveries");
    if (at % FAULT_EVERY_MS < FAULT_MS && random.chance(0.1)) {
      // No worker receives it: the server released it or was killed.
      if (random.chance(0.5)) return at + 1;
      return life.expire(at + LEASE_MS, this.#record);
    }
    const held = this.#receive(life, at);
    const outcome = outcomeOf(life.plan, held);
    const workedAt = held.seenAt + 1 + random.below(MAX_WORK_MS);
    if (outcome === undefined) return life.expire(held.leaseEnd, this.#record);
    if (life.plan === "slow") return this.#hold(life, held, outcome);
    return this.#report(life, held, outcome, workedAt);
  }

  #receive(life: Life, at: number): Held {
    const worker = this.#random.pick(WORKERS);
    const seenAt = at + 1 + this.#random.below(5);
    const token = this.#record.name(`token-of-${life.source}`);
    const leaseEnd = at + LEASE_MS;
    this.#record.write(worker, {
      e: "delivered",
      at: seenAt,
      stream: `stream-${Math.floor(seenAt / STREAM_MS)}`,
      queue: life.queue,
      id: life.id,
      source: life.source,
      sum: `${life.isEdited ? "edited" : "sum of"} ${life.source}`,
      plan: life.plan,
      token,
      number: life.number,
      attempt: life.failures + 1,
      unknown: life.unknown > 0,
      expires: STARTED_AT + leaseEnd,
    });
    const { failures, number } = life;
    return { issuedAt: at, token, worker, attempt: failures + 1, number, seenAt, leaseEnd };
  }

  #hold(life: Life, held: Held, outcome: OutcomeKind): number {
    const { token, worker } = held;
    let at = held.seenAt;
    for (let third = 0; third < 4; third++) {
      at += LEASE_MS / 3;
      const request = this.#record.name("extend");
      this.#record.write(worker, { e: "extending", at, request, tokens: [token] });
      if (this.#random.chance(0.1)) {
        this.#record.write(worker, { e: "unextended", at: at + 2, request, code: "OOPS" });
        continue;
      }
      held.leaseEnd = Math.round(at + 1) + LEASE_MS;
      const leases = [{ token, expires: STARTED_AT + held.leaseEnd }];
      this.#record.write(worker, { e: "extended", at: at + 2, request, leases });
    }
    if (at > held.leaseEnd) return life.expire(held.leaseEnd, this.#record);
    return this.#report(life, held, outcome, at);
  }

  #report(life: Life, held: Held, outcome: OutcomeKind, at: number): number {
    const random = this.#random;
    const nonRetryable = life.plan === "bad" && outcome === "failed";
    const request = this.#record.name("ack");
    const outcomes = [{ token: held.token, outcome, ...(nonRetryable ? { nonRetryable } : {}) }];
    const acking = { e: "acking", request, outcomes } as const;
    const failed = { e: "unacked", request, code: "OOPS" } as const;
    this.#record.write(held.worker, { ...acking, at });
    const fate = random.next();
    if (fate < 0.05) {
      // Refused or lost: a retry would be too late.
      this.#record.write(held.worker, { ...failed, at: at + 2, refused: random.chance(0.5) });
      const over = life.expire(held.leaseEnd, this.#record);
      if (life.state !== "SCHEDULED" || random.chance(0.5)) return over;
      this.#lateTry(life, held, { ...acking, at: held.leaseEnd + 5 });
      return life.state === "SCHEDULED" ? held.leaseEnd + 8 : over;
    }
    const appliedAt = at + 1;
    const isExempt = this.#isExempt(life, held, appliedAt);
    const given = { record: this.#record, random, isExempt };
    const result = life.apply(outcome, nonRetryable, appliedAt, given);
    if (fate < 0.12) {
      this.#record.write(held.worker, { ...failed, at: at + 2, refused: false });
      if (fate < 0.08) return appliedAt; // never answered
      this.#record.write(held.worker, { ...acking, at: at + 3 });
    }
    this.#record.write(held.worker, { e: "acked", at: at + 5, request, results: [result] });
    if (random.chance(0.1)) this.#oddAck(life, held.token, at + 6);
    return appliedAt;
  }

  /** Retries after the lease expired and before the next delivery, so it counts. */
  #lateTry(life: Life, held: Held, acking: Extract<HistoryEvent, { e: "acking" }>): void {
    this.#record.write(held.worker, acking);
    const [said] = acking.outcomes;
    if (said === undefined) return;
    life.unknown--;
    const nonRetryable = said.nonRetryable === true;
    const given = { record: this.#record, random: this.#random, isExempt: false };
    const result = life.apply(said.outcome, nonRetryable, acking.at + 1, given);
    const { request } = acking;
    this.#record.write(held.worker, { e: "acked", at: acking.at + 2, request, results: [result] });
  }

  /** Acknowledges again under another request, after the end. */
  #oddAck(life: Life, token: string, at: number): void {
    const request = this.#record.name("ack");
    const outcomes = [{ token, outcome: "succeeded" }] as const;
    this.#record.write("odd-worker", { e: "acking", at, request, outcomes });
    const results = [{ status: life.state === "GONE" ? "NOT_FOUND" : "LEASE_LOST" }];
    this.#record.write("odd-worker", { e: "acked", at: at + 2, request, results });
  }
}
