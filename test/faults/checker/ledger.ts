// The checker's data of a run: one small object for each source, message and delivery.

import type { AtMs, OperatorAction, Plan } from "../history/event.ts";
import { type Route, routeOf } from "../history/routes.ts";
import { NEVER, type RunClock, type RunMs, UNKNOWN } from "./clock.ts";
import { Delivery } from "./delivery.ts";
import type { Findings } from "./findings.ts";
import type { Act, Job } from "./operator-jobs.ts";
import { ReportedOutages } from "./reported-outages.ts";

/** What a producer sent, which must exist once. */
export class Source {
  readonly name: string;
  readonly plan: Plan;
  /** The queue of the send. Like the sums, empty until the producer's event is read. */
  queue = "";
  /** What routing rules do to it. */
  route: Route | undefined;
  sum = "";
  /** Checksum after the edits. */
  edited = "";
  /** The request id of the send. Undefined until the producer's event is read. */
  request: string | undefined;
  tries = 0;
  refusedTries = 0;
  /** When the send was answered as dropped by a rule, or NEVER. */
  droppedAt: RunMs = NEVER;
  /** When the send was answered as known, without an id, or NEVER. */
  knownAt: RunMs = NEVER;
  /** Its messages, by id. Correct is one. */
  messages: Message[] = NO_MESSAGES;

  constructor(name: string, plan: Plan) {
    this.name = name;
    this.plan = plan;
  }

  /** Whether its producer recorded the send. */
  get isKnown(): boolean {
    return this.sum !== "";
  }

  /** Takes the values of the producer's event. */
  setSent({ queue, sum, edited }: { queue: string; sum: string; edited: string }): void {
    this.queue = queue;
    this.route = routeOf(this.name, queue);
    this.sum = sum;
    this.edited = edited;
  }

  add(message: Message): void {
    if (this.messages === NO_MESSAGES) this.messages = [message];
    else this.messages.push(message);
  }
}

const NO_MESSAGES: Message[] = [];

export interface KeptState {
  readonly queue: string;
  readonly state: "SCHEDULED" | "IN_FLIGHT" | "QUARANTINED";
  readonly quarantineReason: string | undefined;
  readonly attempts: number;
  readonly number: number;
}

/** A message with an id. */
export class Message {
  readonly id: string;
  readonly source: Source;
  /** By the store's clock. */
  readonly createdAt: RunMs;
  /** When its producer got the answer, or NEVER. */
  sentAt: RunMs = NEVER;
  /** Its first due time, if the answer has it. */
  dueAt: RunMs = UNKNOWN;
  deliveries: Delivery[] = NO_DELIVERIES;
  kept: KeptState | undefined;
  /** What batch jobs did to it, by time. */
  acts: Act[] = NO_ACTS;

  constructor(id: string, source: Source, createdAt: RunMs) {
    this.id = id;
    this.source = source;
    this.createdAt = createdAt;
  }

  add(delivery: Delivery): void {
    if (this.deliveries === NO_DELIVERIES) this.deliveries = [delivery];
    else this.deliveries.push(delivery);
  }

  addAct(act: Act): void {
    this.acts = [...this.acts, act].sort((a, b) => a.at - b.at);
  }

  toString(): string {
    return `${this.id} (${this.source.name}, ${this.source.plan}, queue ${this.source.queue})`;
  }
}

const NO_DELIVERIES: Delivery[] = [];
const NO_ACTS: Act[] = [];

/** All sources, messages and tokens of a run, by name. */
export class Ledger {
  readonly sources = new Map<string, Source>();
  readonly messages = new Map<string, Message>();
  readonly tokens = new Map<string, Delivery>();
  /** Mark -> its jobs. */
  readonly #jobs = new Map<string, Job[]>();
  /** Shares one string for each queue name, to save memory. */
  readonly #names = new Map<string, string>();
  readonly clock: RunClock;
  readonly outages = new ReportedOutages();
  #shortestLeaseMs: RunMs = NEVER;
  readonly #openings = new Map<string, RunMs[]>();

  constructor(clock: RunClock) {
    this.clock = clock;
  }

  /** The shortest lease of all streams. */
  get shortestLeaseMs(): RunMs {
    return this.#shortestLeaseMs;
  }

  noteLease(leaseMs: RunMs): void {
    this.#shortestLeaseMs = Math.min(this.#shortestLeaseMs, Math.max(1, Math.round(leaseMs)));
  }

  /** A breaker of this queue and key opened. */
  noteOpening(queue: string, key: string, at: RunMs): void {
    const name = `${queue} ${key}`;
    const known = this.#openings.get(name);
    if (known === undefined) this.#openings.set(name, [at]);
    else known.push(at);
  }

  openingsOf(queue: string, key: string): readonly RunMs[] {
    return this.#openings.get(`${queue} ${key}`) ?? [];
  }

  addJob(job: Job, findings: Findings): void {
    if (this.jobOf(job.action, job.mark) !== undefined) {
      findings.broken("history-whole", `${job}: another job does the same`);
    }
    this.#jobs.set(job.mark, [...this.jobsOf(job.mark), job]);
  }

  get jobs(): Job[] {
    return [...this.#jobs.values()].flat();
  }

  jobsOf(mark: string): readonly Job[] {
    return this.#jobs.get(mark) ?? [];
  }

  jobOf(action: OperatorAction, mark: string): Job | undefined {
    return this.jobsOf(mark).find((job) => job.action === action);
  }

  name(text: string): string {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    this.#names.set(text, text);
    return text;
  }

  /** Adds a message with its id and source. */
  message(id: string, source: Source): Message {
    const message = new Message(id, source, this.clock.of(createdAtMs(id)));
    this.messages.set(id, message);
    source.add(message);
    return message;
  }

  token(text: string): Delivery {
    let delivery = this.tokens.get(text);
    if (delivery === undefined) {
      delivery = new Delivery(text);
      this.tokens.set(text, delivery);
    }
    return delivery;
  }
}

/** The time in a UUIDv7, from the clock of the store. */
function createdAtMs(id: string): AtMs {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
