// What is kept of a run while it is read: one small object a source, a message and a delivery.

import type { AtMs, Plan } from "../history/event.ts";

/** Milliseconds since the run began, whole: millions of them are kept, and small integers are free. */
export type RunMs = number;

/** Later than anything in a run. */
export const NEVER: RunMs = 2 ** 31 - 1;
/** Earlier than anything in a run. */
export const UNKNOWN: RunMs = -NEVER;

/** The instants of a run, from its first event on. */
export class RunClock {
  #startedAt: AtMs | undefined;

  of(at: AtMs): RunMs {
    this.#startedAt ??= Math.floor(at);
    return Math.max(-NEVER, Math.min(Math.round(at - this.#startedAt), NEVER - 1));
  }
}

/**
 * Actors and the store read one machine's clock in different ways, and round it. What compares an
 * actor's instant with the store's, or with another actor's, leaves this much.
 */
export const CLOCK_TOLERANCE_MS = 10;

/** What a producer means to exist once. */
export class Source {
  readonly name: string;
  readonly queue: string;
  readonly plan: Plan;
  /** Empty: known by the store's snapshot alone so far, which has no payloads. */
  sum: string;
  /** The request that it was sent by; none: not sent as far as is known. */
  request: string | undefined;
  tries = 0;
  refusedTries = 0;
  /** Under its ids: one, if all is well. */
  messages: Message[] = NO_MESSAGES;

  constructor(name: string, queue: string, plan: Plan, sum: string) {
    this.name = name;
    this.queue = queue;
    this.plan = plan;
    this.sum = sum;
  }

  add(message: Message): void {
    if (this.messages === NO_MESSAGES) this.messages = [message];
    else this.messages.push(message);
  }
}

const NO_MESSAGES: Message[] = [];

export interface KeptState {
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
  /** When its producer was told of it; NEVER: it was not. */
  sentAt: RunMs = NEVER;
  /** When it is due first, if that was told. */
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

export interface Stream {
  readonly leaseMs: number;
  closedAt: RunMs;
}

/** An outcome that was answered with APPLIED; the instants between which that happened. */
export interface AppliedOutcome {
  /** Of OUTCOME_KINDS. */
  readonly kind: number;
  readonly nonRetryable: boolean;
  readonly byOdd: boolean;
  readonly state: string | undefined;
  /** When the message is due again, if that was told. */
  readonly dueAt: RunMs;
  readonly from: RunMs;
  readonly to: RunMs;
}

/** A token, and what became of it. */
export class Delivery {
  readonly token: string;
  /** None: nobody wrote down that it was delivered. */
  message: Message | undefined;
  stream: Stream | undefined;
  at: RunMs = 0;
  issuedAt: RunMs = 0;
  /** As far as is known; it may be longer, never shorter. */
  leaseEnd: RunMs = UNKNOWN;
  number = 0;
  attempt = 0;
  isUnknown = false;
  applied: AppliedOutcome | undefined;
  /** Bits of OUTCOME_KINDS: sent without an answer. Of no account when another one was applied. */
  possible = 0;
  possibleNonRetryable = false;
  possibleFrom: RunMs = NEVER;
  /** First answers that it does not count (any more). */
  lostAt: RunMs = NEVER;
  notFoundAt: RunMs = NEVER;
  /** When the latest extension that was answered had been asked for. */
  extendSentAt: RunMs = UNKNOWN;
  /** An answer of ExtendLease has named it: written to a stream that broke before it came. */
  isNamed = false;
  isAckedByPolite = false;

  constructor(token: string) {
    this.token = token;
  }

  /** Kinds of outcome that may have been applied to it, up to an instant. */
  mayHave(before: RunMs): number {
    if (this.applied !== undefined) return this.applied.kind;
    return this.possibleFrom <= before + CLOCK_TOLERANCE_MS ? this.possible : 0;
  }

  /** It surely ended, if it did, without any outcome, as far as was known at that instant. */
  hadNoOutcome(before: RunMs): boolean {
    return this.mayHave(before) === 0;
  }
}

/** All sources, messages and tokens of a run, by name. */
export class Ledger {
  readonly sources = new Map<string, Source>();
  readonly messages = new Map<string, Message>();
  readonly tokens = new Map<string, Delivery>();
  /** One string for each name of a queue, not one a line. */
  readonly #names = new Map<string, string>();
  readonly clock: RunClock;

  constructor(clock: RunClock) {
    this.clock = clock;
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
