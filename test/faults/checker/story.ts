// Builds small histories for tests of the checker. Times are milliseconds of the run.

import type {
  BreakerOpened,
  Counted,
  FaultRecord,
  HistoryEvent,
  Kept,
  OutcomeKind,
  Plan,
  SnapshotLine,
} from "../history/event.ts";
import { checkRecorded } from "./check-recorded.ts";
import type { CheckReport } from "./report.ts";
import type { AllowLoss } from "./rollbacks.ts";
import { StoryTally } from "./story-tally.ts";

export const STARTED_AT = Date.UTC(2026, 0, 1);
export const LEASE_MS = 2_000;
const QUEUE = "q";

/** Returns a UUIDv7 of this time and number. */
export function idAt(at: number, number: number): string {
  const time = (STARTED_AT + at).toString(16).padStart(12, "0");
  const tail = number.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${tail}`;
}

interface Send {
  readonly plan?: Plan;
  readonly at?: number;
  readonly dueAt?: number;
  readonly id?: string;
  readonly request?: string;
  /** `known`: the service had it before. `none`: no answer. */
  readonly answer?: "sent" | "known" | "none" | "refused";
}

interface Delivery {
  /** When the store issued it. Its actor receives it 5 ms later. */
  readonly at: number;
  readonly number?: number;
  readonly attempt?: number;
  readonly unknown?: boolean;
  readonly token?: string;
  readonly id?: string;
  readonly stream?: string;
  readonly over?: Partial<Extract<HistoryEvent, { e: "delivered" }>>;
}

interface Outcome {
  readonly at: number;
  /** None: no answer. */
  readonly answer?: "APPLIED" | "LEASE_LOST" | "NOT_FOUND" | "none" | "refused";
  readonly state?: string;
  readonly dueAt?: number;
  readonly nonRetryable?: boolean;
  readonly request?: string;
  readonly by?: string;
}

/** A history of a few messages in one queue. */
export class Story {
  readonly events = new Map<string, HistoryEvent[]>();
  readonly kept: Kept[] = [];
  readonly faults: FaultRecord[] = [];
  readonly openings: BreakerOpened[] = [];
  /** Overrides counters that follow from the story. */
  counted: Partial<Counted> = {};
  readonly #sent = new Map<string, { plan: Plan; id: string }>();
  readonly #tally = new StoryTally();
  readonly #queue: string;
  #requests = 0;

  constructor(queue: string = QUEUE) {
    this.#queue = queue;
    this.write("producer", { e: "started", at: 0, ...PRODUCER });
    for (const actor of ["worker", "odd-worker"]) {
      this.write(actor, { e: "started", at: 0, ...WORKER, actor });
      const opened = { session: "session", leaseMs: LEASE_MS, leasesHeld: 0 };
      this.write(actor, { e: "opened", at: 0, stream: "stream", ...opened });
    }
  }

  write(actor: string, event: HistoryEvent): this {
    const events = this.events.get(actor) ?? [];
    events.push({ ...event, at: STARTED_AT + event.at });
    this.events.set(actor, events);
    return this;
  }

  send(source: string, over: Send = {}): this {
    const { plan = "ok", at = 0, dueAt = at, answer = "sent" } = over;
    const { id = idAt(at + 1, this.#sent.size), request = `send-${source}` } = over;
    this.#sent.set(source, { plan, id });
    if (answer === "sent") this.#tally.sources.add(source);
    const sums = { sum: `sum of ${source}`, edited: `edited ${source}` };
    const call = { request, source, queue: this.#queue, ...sums, plan };
    this.write("producer", { e: "sending", at, ...call });
    const expected = { request, id, state: "SCHEDULED", dueAt: STARTED_AT + dueAt };
    if (answer === "sent") return this.write("producer", { e: "sent", at: at + 2, ...expected });
    const known = { request, id: "", state: "KNOWN", dueAt: 0 };
    if (answer === "known") return this.write("producer", { e: "sent", at: at + 2, ...known });
    const refused = answer === "refused";
    return this.write("producer", { e: "unsent", at: at + 2, request, code: "OOPS", refused });
  }

  deliver(source: string, by: Delivery): this {
    const { number = 1, attempt = 1, unknown = false, stream = "stream" } = by;
    const { plan, id } = this.#sent.get(source) ?? { plan: "ok", id: idAt(0, 999) };
    const token = by.token ?? `${source}-${number}`;
    this.#tally.delivered(source, number, token);
    return this.write("worker", {
      e: "delivered",
      at: by.at + 5,
      stream,
      queue: this.#queue,
      id: by.id ?? id,
      source,
      sum: `sum of ${source}`,
      plan,
      token,
      number,
      attempt,
      unknown,
      expires: STARTED_AT + by.at + LEASE_MS,
      ...by.over,
    });
  }

  ack(token: string, outcome: OutcomeKind, over: Outcome): this {
    const { at, answer = "APPLIED", by = "worker", nonRetryable } = over;
    const request = over.request ?? `ack-${++this.#requests}`;
    const said = nonRetryable === undefined ? {} : { nonRetryable };
    this.write(by, { e: "acking", at, request, outcomes: [{ token, outcome, ...said }] });
    if (answer === "APPLIED" || answer === "none") {
      this.#tally.acked(token, outcome, answer === "APPLIED");
    }
    if (answer === "none" || answer === "refused") {
      const refused = answer === "refused";
      return this.write(by, { e: "unacked", at: at + 4, request, code: "OOPS", refused });
    }
    const state = over.state ?? (answer === "APPLIED" ? STATE_AFTER[outcome] : undefined);
    const dueAt = over.dueAt ?? (outcome === "released" ? at + 1_002 : at + 2);
    const expected = {
      status: answer,
      ...(state === undefined ? {} : { state }),
      ...(state === "SCHEDULED" ? { dueAt: STARTED_AT + dueAt } : {}),
    };
    return this.write(by, { e: "acked", at: at + 4, request, results: [expected] });
  }

  extend(token: string, at: number, until: number | undefined): this {
    const request = `extend-${++this.#requests}`;
    this.write("worker", { e: "extending", at, request, tokens: [token] });
    if (until === undefined) {
      return this.write("worker", { e: "unextended", at: at + 4, request, code: "OOPS" });
    }
    const leases = [{ token, expires: STARTED_AT + until }];
    return this.write("worker", { e: "extended", at: at + 4, request, leases });
  }

  keep(source: string, over: Partial<Kept> = {}): this {
    const { id = idAt(1, this.#sent.size) } = this.#sent.get(source) ?? {};
    this.#tally.sources.add(source);
    this.kept.push({
      e: "kept",
      queue: this.#queue,
      id,
      source,
      state: "QUARANTINED",
      attempts: 0,
      number: this.#tally.numberOf(source),
      ...over,
    });
    return this;
  }

  /** Adds a fault of this duration, followed by a recovery of the same duration. */
  fault(kind: string, at: number, forMs = 1_000): this {
    const fault = { e: "fault", number: this.faults.length + 1, kind } as const;
    this.faults.push({ ...fault, phase: "begins", at: STARTED_AT + at });
    this.faults.push({ ...fault, phase: "over", at: STARTED_AT + at + forMs });
    this.faults.push({ ...fault, phase: "recovered", at: STARTED_AT + at + 2 * forMs });
    return this;
  }

  /** Opens the breaker of a host. */
  opened(key: string, at: number): this {
    this.openings.push({ e: "breaker", at: STARTED_AT + at, queue: this.#queue, key });
    return this;
  }

  get snapshot(): SnapshotLine[] {
    return [
      ...this.kept,
      { ...this.#tally.counted(this.#queue, this.kept), ...this.counted },
      ...this.openings,
    ];
  }

  report(allowLoss?: AllowLoss): CheckReport {
    return checkRecorded(this.events, this.snapshot, this.faults, allowLoss);
  }

  /** Returns the names of the broken rules. */
  broken(): string[] {
    return this.report().violations.map(({ rule }) => rule);
  }
}

const PRODUCER = { actor: "producer", role: "producer", language: "typescript" } as const;
const WORKER = { role: "worker", language: "typescript" } as const;

const STATE_AFTER: Readonly<Record<OutcomeKind, string>> = {
  succeeded: "SUCCEEDED",
  failed: "SCHEDULED",
  released: "SCHEDULED",
  quarantined: "QUARANTINED",
  discarded: "DISCARDED",
};
