// What is kept of a run while it is read: one small object a source, a message and a delivery.

import type { AtMs, Plan } from "../history/event.ts";
import { type Route, routeOf } from "../history/routes.ts";
import { NEVER, type RunClock, type RunMs, UNKNOWN } from "./clock.ts";
import { Delivery } from "./delivery.ts";
import { ReportedOutages } from "./reported-outages.ts";

/** What a producer means to exist once. */
export class Source {
  readonly name: string;
  readonly plan: Plan;
  /** The queue that it was sent to. Empty, as the sums, until its producer's event is read. */
  queue = "";
  /** What rules do to it. */
  route: Route | undefined;
  sum = "";
  /** As its edits make it. */
  edited = "";
  /** The request that it was sent by; none: not sent as far as is known. */
  request: string | undefined;
  tries = 0;
  refusedTries = 0;
  /** When the answer said that a rule dropped it; NEVER: it did not. */
  droppedAt: RunMs = NEVER;
  /** When the answer said only that its number was used before; NEVER: it did not. */
  knownAt: RunMs = NEVER;
  /** Under its ids: one, if all is well. */
  messages: Message[] = NO_MESSAGES;

  constructor(name: string, plan: Plan) {
    this.name = name;
    this.plan = plan;
  }

  /** Whether its producer recorded the send. */
  get isKnown(): boolean {
    return this.sum !== "";
  }

  /** By its producer. */
  learn({ queue, sum, edited }: { queue: string; sum: string; edited: string }): void {
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

/** What exists under an id. */
export class Message {
  readonly id: string;
  readonly source: Source;
  /** By the store's clock. */
  readonly createdAt: RunMs;
  /** When its producer got the answer; NEVER: it did not. */
  sentAt: RunMs = NEVER;
  /** When it is first due, if that was answered. */
  dueAt: RunMs = UNKNOWN;
  deliveries: Delivery[] = NO_DELIVERIES;
  kept: KeptState | undefined;

  constructor(id: string, source: Source, createdAt: RunMs) {
    this.id = id;
    this.source = source;
    this.createdAt = createdAt;
  }

  add(delivery: Delivery): void {
    if (this.deliveries === NO_DELIVERIES) this.deliveries = [delivery];
    else this.deliveries.push(delivery);
  }

  toString(): string {
    return `${this.id} (${this.source.name}, ${this.source.plan}, queue ${this.source.queue})`;
  }
}

const NO_DELIVERIES: Delivery[] = [];

/** All sources, messages and tokens of a run, by name. */
export class Ledger {
  readonly sources = new Map<string, Source>();
  readonly messages = new Map<string, Message>();
  readonly tokens = new Map<string, Delivery>();
  /** One string for each name of a queue, not one a line. */
  readonly #names = new Map<string, string>();
  readonly clock: RunClock;
  readonly outages = new ReportedOutages();
  #leastLeaseMs: RunMs = NEVER;
  readonly #openings = new Map<string, RunMs[]>();

  constructor(clock: RunClock) {
    this.clock = clock;
  }

  /** Of all streams: no lease of the run was shorter. */
  get leastLeaseMs(): RunMs {
    return this.#leastLeaseMs;
  }

  noteLease(leaseMs: RunMs): void {
    this.#leastLeaseMs = Math.min(this.#leastLeaseMs, Math.max(1, Math.round(leaseMs)));
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

  name(text: string): string {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    this.#names.set(text, text);
    return text;
  }

  /** A new message, listed under its id and with its source. */
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

/** A UUIDv7 begins with its instant, by the store's clock. */
function createdAtMs(id: string): AtMs {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
