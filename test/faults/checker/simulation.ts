// Legal histories: a small model of the service, its producers and workers, and of what goes wrong
// between them. Each message lives by itself; its life is told to whoever takes part.

import type { SeededRandom } from "../../support/random.ts";
import type { Counted, HistoryEvent, Kept, OutcomeKind, Plan } from "../history/event.ts";
import { PLANS } from "../history/event.ts";
import { idAt, STARTED_AT } from "./story.ts";

const LEASE_MS = 2_000;
const RUN_MS = 20_000;
/** A stream lasts this long, and the next one begins. */
const STREAM_MS = 3_000;
const CRASH_LOOP = 5;
const EXHAUST_RETRIES = 2;
const QUEUES = ["orders", "payments"];
const WORKERS = ["worker-1", "worker-2", "odd-worker"];

export interface Run {
  /** By actor, each in the order of its time. */
  readonly events: Map<string, HistoryEvent[]>;
  readonly kept: Kept[];
  readonly counted: Counted[];
}

type MutableCounted = { -readonly [K in keyof Counted]: Counted[K] };

interface Life {
  readonly id: string;
  readonly source: string;
  readonly queue: string;
  readonly plan: Plan;
  state: "SCHEDULED" | "QUARANTINED" | "GONE";
  quarantineReason?: string;
  dueAt: number;
  number: number;
  failures: number;
  expiries: number;
  unknown: number;
}

interface Held {
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
  readonly #run: Run = { events: new Map(), kept: [], counted: [] };
  readonly #counters = new Map<string, MutableCounted>();
  #names = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
    for (const queue of QUEUES) {
      const zero = {
        accepted: 0,
        duplicates: 0,
        succeeded: 0,
        discarded: 0,
        expired: 0,
        purged: 0,
      };
      const counted = { ...zero, deliveries: 0, leaseExpiries: 0, broken: [] };
      this.#counters.set(queue, { e: "counted", queue, ...counted });
    }
  }

  run(messages: number): Run {
    const role = { role: "producer", language: "python" } as const;
    this.#write("producer", { e: "started", at: -1, actor: "producer", ...role });
    for (const actor of WORKERS) this.#openStreams(actor);
    for (let number = 0; number < messages; number++) this.#live(number);
    for (const [actor, events] of this.#run.events) {
      events.sort((a, b) => a.at - b.at);
      // Some are killed.
      if (actor !== "worker-2") events.push({ e: "ended", at: STARTED_AT + 9 * RUN_MS });
    }
    this.#run.counted.push(...this.#counters.values());
    return this.#run;
  }

  #write(actor: string, event: HistoryEvent): void {
    const events = this.#run.events.get(actor) ?? [];
    events.push({ ...event, at: STARTED_AT + event.at });
    this.#run.events.set(actor, events);
  }

  #name(kind: string): string {
    return `${kind}-${++this.#names}`;
  }

  #openStreams(actor: string): void {
    this.#write(actor, { e: "started", at: -1, actor, role: "worker", language: "typescript" });
    for (let at = 0; at < 8 * RUN_MS; at += STREAM_MS) {
      const stream = `stream-${at / STREAM_MS}`;
      const opened = { session: `${actor}-session`, leaseMs: LEASE_MS, leasesHeld: 0 };
      this.#write(actor, { e: "opened", at, stream, ...opened });
      this.#write(actor, { e: "closed", at: at + STREAM_MS - 0.5, stream, why: "reset" });
    }
  }

  #live(sequence: number): void {
    const random = this.#random;
    const at = random.below(RUN_MS);
    const life: Life = {
      id: idAt(at + 1, sequence),
      source: `source-${sequence}`,
      queue: random.pick(QUEUES),
      plan: random.pick(Object.keys(PLANS) as Plan[]),
      state: "SCHEDULED",
      dueAt: at + 1 + random.below(300),
      number: 0,
      failures: 0,
      expiries: 0,
      unknown: 0,
    };
    if (life.plan === "stock") life.dueAt = at + 30 * 86_400_000;
    if (!this.#send(life, at)) return;
    this.#count(life, "accepted");
    let now = life.dueAt;
    while (life.state === "SCHEDULED" && life.plan !== "stock") {
      now = this.#deliver(life, Math.max(now, life.dueAt) + random.below(20));
    }
    if (life.state !== "GONE") this.#keep(life);
  }

  /** Whether it exists. */
  #send(life: Life, at: number): boolean {
    const { source, queue, plan, id } = life;
    const request = this.#name("send");
    const sending = {
      e: "sending",
      request,
      source,
      queue,
      sum: `sum of ${source}`,
      plan,
    } as const;
    const failed = { e: "unsent", request, code: "OOPS" } as const;
    this.#write("producer", { ...sending, at });
    if (this.#random.chance(0.1)) {
      const refused = this.#random.chance(0.5);
      this.#write("producer", { ...failed, at: at + 2, refused });
      if (this.#random.chance(0.3)) return !refused && this.#random.chance(0.5);
      this.#write("producer", { ...sending, at: at + 3 });
    }
    const dueAt = STARTED_AT + life.dueAt;
    this.#write("producer", { e: "sent", at: at + 5, request, id, state: "SCHEDULED", dueAt });
    return true;
  }

  /** One claim and what becomes of it; the instant when all that is over. */
  #deliver(life: Life, at: number): number {
    const random = this.#random;
    life.number++;
    this.#count(life, "deliveries");
    if (random.chance(0.05)) {
      // Nobody receives it: given back, or its server was killed.
      if (random.chance(0.5)) return at + 1;
      return this.#expire(life, at + LEASE_MS);
    }
    const held = this.#receive(life, at);
    const outcome = outcomeOf(life.plan, held);
    const workedAt = held.seenAt + 1 + random.below(20);
    if (outcome === undefined) return this.#expire(life, held.leaseEnd);
    if (life.plan === "slow") return this.#hold(life, held, outcome);
    return this.#report(life, held, outcome, workedAt);
  }

  #receive(life: Life, at: number): Held {
    const worker = this.#random.pick(WORKERS);
    const seenAt = at + 1 + this.#random.below(5);
    const token = this.#name(`token-of-${life.source}`);
    const leaseEnd = at + LEASE_MS;
    this.#write(worker, {
      e: "delivered",
      at: seenAt,
      stream: `stream-${Math.floor(seenAt / STREAM_MS)}`,
      queue: life.queue,
      id: life.id,
      source: life.source,
      sum: `sum of ${life.source}`,
      plan: life.plan,
      token,
      number: life.number,
      attempt: life.failures + 1,
      unknown: life.unknown > 0,
      expires: STARTED_AT + leaseEnd,
    });
    return { token, worker, attempt: life.failures + 1, number: life.number, seenAt, leaseEnd };
  }

  #hold(life: Life, held: Held, outcome: OutcomeKind): number {
    const { token, worker } = held;
    let at = held.seenAt;
    for (let third = 0; third < 4; third++) {
      at += LEASE_MS / 3;
      const request = this.#name("extend");
      this.#write(worker, { e: "extending", at, request, tokens: [token] });
      if (this.#random.chance(0.1)) {
        this.#write(worker, { e: "unextended", at: at + 2, request, code: "OOPS" });
        continue;
      }
      held.leaseEnd = Math.round(at + 1) + LEASE_MS;
      const leases = [{ token, expires: STARTED_AT + held.leaseEnd }];
      this.#write(worker, { e: "extended", at: at + 2, request, leases });
    }
    if (at > held.leaseEnd) return this.#expire(life, held.leaseEnd);
    return this.#report(life, held, outcome, at);
  }

  #report(life: Life, held: Held, outcome: OutcomeKind, at: number): number {
    const random = this.#random;
    const nonRetryable = life.plan === "bad" && outcome === "failed";
    const request = this.#name("ack");
    const outcomes = [{ token: held.token, outcome, ...(nonRetryable ? { nonRetryable } : {}) }];
    const acking = { e: "acking", request, outcomes } as const;
    const failed = { e: "unacked", request, code: "OOPS" } as const;
    this.#write(held.worker, { ...acking, at });
    const fate = random.next();
    if (fate < 0.05) {
      // Refused or lost on its way: too late when it is tried again.
      this.#write(held.worker, { ...failed, at: at + 2, refused: random.chance(0.5) });
      const over = this.#expire(life, held.leaseEnd);
      if (life.state !== "SCHEDULED" || random.chance(0.5)) return over;
      this.#lateTry(life, held, { ...acking, at: held.leaseEnd + 5 });
      return life.state === "SCHEDULED" ? held.leaseEnd + 8 : over;
    }
    const appliedAt = at + 1;
    const result = this.#apply(life, outcome, nonRetryable, appliedAt);
    if (fate < 0.12) {
      this.#write(held.worker, { ...failed, at: at + 2, refused: false });
      if (fate < 0.08) return appliedAt; // nobody ever knows
      this.#write(held.worker, { ...acking, at: at + 3 });
    }
    this.#write(held.worker, { e: "acked", at: at + 5, request, results: [result] });
    if (random.chance(0.1)) this.#oddAck(life, held.token, at + 6);
    return appliedAt;
  }

  /** After its lease has ended, and before anybody else has the message: it counts. */
  #lateTry(life: Life, held: Held, acking: Extract<HistoryEvent, { e: "acking" }>): void {
    this.#write(held.worker, acking);
    const [said] = acking.outcomes;
    if (said === undefined) return;
    life.unknown--;
    const nonRetryable = said.nonRetryable === true;
    const result = this.#apply(life, said.outcome, nonRetryable, acking.at + 1);
    const { request } = acking;
    this.#write(held.worker, { e: "acked", at: acking.at + 2, request, results: [result] });
  }

  /** Under another request, when it is over. */
  #oddAck(life: Life, token: string, at: number): void {
    const request = this.#name("ack");
    const outcomes = [{ token, outcome: "succeeded" }] as const;
    this.#write("odd-worker", { e: "acking", at, request, outcomes });
    const results = [{ status: life.state === "GONE" ? "NOT_FOUND" : "LEASE_LOST" }];
    this.#write("odd-worker", { e: "acked", at: at + 2, request, results });
  }

  #apply(life: Life, outcome: OutcomeKind, nonRetryable: boolean, at: number) {
    const status = "APPLIED";
    const quarantined = (reason: string) => {
      life.state = "QUARANTINED";
      life.quarantineReason = reason;
      return { status, state: life.state };
    };
    const scheduled = (dueAt: number) => {
      life.dueAt = Math.ceil(dueAt);
      return { status, state: "SCHEDULED", dueAt: STARTED_AT + life.dueAt };
    };
    switch (outcome) {
      case "succeeded":
      case "discarded":
        life.state = "GONE";
        this.#count(life, outcome);
        return { status, state: outcome.toUpperCase() };
      case "failed":
        life.failures++;
        life.expiries = 0;
        if (nonRetryable) return quarantined("NON_RETRYABLE");
        if (life.plan === "exhaust" && life.failures === EXHAUST_RETRIES) {
          return quarantined("RETRIES_EXHAUSTED");
        }
        return scheduled(at + 100 + this.#random.below(100));
      case "released":
        return scheduled(at + 1_000);
      case "quarantined":
        return quarantined("WORKER_REQUEST");
    }
  }

  #expire(life: Life, at: number): number {
    life.expiries++;
    life.unknown++;
    this.#count(life, "leaseExpiries");
    if (life.expiries === CRASH_LOOP) {
      life.state = "QUARANTINED";
      life.quarantineReason = "CRASH_LOOP";
    }
    // Nobody takes it at once, so that what is late may still come.
    life.dueAt = at + 20;
    return at;
  }

  #keep({ id, source, queue, plan, state, quarantineReason, failures, number }: Life): void {
    this.#run.kept.push({
      e: "kept",
      queue,
      id,
      source,
      state: plan === "stock" ? "SCHEDULED" : (state as Kept["state"]),
      ...(quarantineReason === undefined ? {} : { quarantineReason }),
      attempts: failures,
      number,
    });
  }

  #count(
    life: Life,
    name: "accepted" | "succeeded" | "discarded" | "deliveries" | "leaseExpiries",
  ) {
    const counted = this.#counters.get(life.queue);
    if (counted !== undefined) counted[name]++;
  }
}

function outcomeOf(plan: Plan, { attempt, number }: Held): OutcomeKind | undefined {
  switch (plan) {
    case "fail1":
      return attempt === 1 ? "failed" : "succeeded";
    case "fail2":
      return attempt <= 2 ? "failed" : "succeeded";
    case "exhaust":
    case "bad":
      return "failed";
    case "discard":
      return "discarded";
    case "quarantine":
      return "quarantined";
    case "release":
      return number === 1 ? "released" : "succeeded";
    case "silent":
      return number === 1 ? undefined : "succeeded";
    case "crash":
      return undefined;
    default:
      return "succeeded";
  }
}
