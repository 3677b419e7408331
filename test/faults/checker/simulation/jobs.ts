// Rounds of batch jobs: an operator sends messages, and jobs act on them, one after the other.

import type { SeededRandom } from "../../../support/random.ts";
import type { OperatorAction } from "../../history/event.ts";
import { type JobMessageState, jobSource, UNSELECTED } from "../../history/job-sources.ts";
import { idAt, STARTED_AT } from "../story.ts";
import type { RunRecord } from "./record.ts";

/** Queues of batch jobs, and the one to which they move messages. */
export const QUEUES = ["batch-1", "batch-2"];
export const TARGET = "batched";
const OPERATOR = "operator";
const WORKER = "worker-1";
const STREAM_MS = 3_000;
const LEASE_MS = 2_000;
const FAR_MS = 30 * 86_400_000;
const STATES: readonly JobMessageState[] = ["scheduled", "quarantined", "soon"];
const FIRST: readonly OperatorAction[] = ["quarantine", "edit", "move"];
const LAST: readonly OperatorAction[] = ["retry", "discard", "purge"];
const [SELECTED, OTHERS] = [9, 2];
/** As in the rest of the simulation. */
const [FAULT_EVERY_MS, FAULT_MS] = [10_000, 3_000];
/** Between two actions of a job. */
const EVERY_MS = 20;

interface JobMessage {
  readonly id: string;
  readonly source: string;
  readonly createdAt: number;
  readonly dueAt: number;
  queue: string;
  state: "SCHEDULED" | "QUARANTINED" | "GONE";
  quarantineReason: string | undefined;
  /** The state in which a job removed it. */
  before: "SCHEDULED" | "QUARANTINED" | undefined;
  isEdited: boolean;
  /** Claims so far. */
  number: number;
}

/** Reports whether a fault may lose claims, with room for what a round does. */
function isLossy(at: number): boolean {
  return at % FAULT_EVERY_MS < FAULT_MS - 500;
}

function isThere({ state, before }: JobMessage, action: OperatorAction): boolean {
  return action === "undelete" ? before !== undefined : state !== "GONE";
}

export class JobRounds {
  readonly #record: RunRecord;
  readonly #random: SeededRandom;
  readonly #messages: JobMessage[] = [];
  #jobs = 0;

  constructor(record: RunRecord, random: SeededRandom) {
    this.#record = record;
    this.#random = random;
    const role = { role: "producer", language: "typescript" } as const;
    record.write(OPERATOR, { e: "started", at: -1, actor: OPERATOR, ...role });
  }

  /** Simulates rounds, each in `forMs`, and what they leave in the store. */
  run(rounds: number, forMs: number): void {
    for (let round = 0; round < rounds; round++) this.#round(round, round * forMs);
    for (const { id, source, queue, state, quarantineReason, number } of this.#messages) {
      if (state === "GONE") continue;
      const reason = quarantineReason === undefined ? {} : { quarantineReason };
      const rest = { state, ...reason, attempts: 0, number };
      this.#record.run.kept.push({ e: "kept", queue, id, source, ...rest });
    }
  }

  #round(round: number, startedAt: number): void {
    const mark = `m${round + 1}`;
    let at = startedAt;
    const send = (count: number, whose: string) => {
      const sent = Array.from({ length: count }, () => this.#send(whose, at++));
      at += 20;
      return sent;
    };
    const selected = send(SELECTED, mark);
    send(OTHERS, UNSELECTED);
    const first = FIRST[round % FIRST.length] as OperatorAction;
    const last = LAST[round % LAST.length] as OperatorAction;
    const late: JobMessage[] = [];
    for (const action of [first, last, ...(last === "retry" ? [] : ["undelete" as const])]) {
      // After the job is created, and before it acts.
      const lateAt = at + 16;
      const half = (_: JobMessage, place: number) => action !== "undelete" || place % 2 === 0;
      at = this.#job(action, mark, [...selected, ...late].filter(half), at);
      late.push(this.#send(mark, lateAt));
    }
    for (const message of this.#messages) this.#deliverDue(message, Number.POSITIVE_INFINITY);
  }

  #send(mark: string, at: number): JobMessage {
    const random = this.#random;
    const number = this.#messages.length;
    const state = random.pick(STATES);
    const source = jobSource(`${OPERATOR}-${number}`, mark, state);
    const message: JobMessage = {
      ...{ id: idAt(at + 1, 500_000 + number), source, createdAt: at + 1, isEdited: false },
      ...{ before: undefined, number: 0 },
      dueAt: at + (state === "soon" ? 100 + random.below(400) : FAR_MS),
      queue: random.pick(QUEUES),
      state: state === "quarantined" ? "QUARANTINED" : "SCHEDULED",
      quarantineReason: state === "quarantined" ? "PRODUCER_REQUEST" : undefined,
    };
    this.#messages.push(message);
    this.#record.count(message.queue, "accepted");
    if (state === "soon" && isLossy(at) && random.chance(0.5)) {
      // A server took it back, because it could not write it to a worker.
      message.number++;
      this.#record.count(message.queue, "deliveries");
    }
    const [queue, request] = [message.queue, source];
    const sums = { sum: `sum of ${source}`, edited: `edited ${source}`, plan: "job" } as const;
    this.#record.write(OPERATOR, { e: "sending", at, request, source, queue, ...sums });
    const dueAt = message.state === "SCHEDULED" ? STARTED_AT + message.dueAt : 0;
    const answer = { request, id: message.id, state: message.state, dueAt };
    this.#record.write(OPERATOR, { e: "sent", at: at + 5, ...answer });
    return message;
  }

  /** Returns when the job has ended. */
  #job(
    action: OperatorAction,
    mark: string,
    selected: readonly JobMessage[],
    askedAt: number,
  ): number {
    const request = `operator-job-${++this.#jobs}`;
    const id = `j-${this.#jobs}`;
    const createdAt = askedAt + 12;
    this.#record.write(OPERATOR, { e: "creating", at: askedAt, request, action, mark });
    const created = { request, job: id, createdAt: STARTED_AT + createdAt };
    this.#record.write(OPERATOR, { e: "created", at: askedAt + 15, ...created });
    let at = askedAt + 20;
    const counts = { selected: 0, passed: 0, done: 0, refused: 0, left: 0 };
    for (const message of selected) {
      this.#deliverDue(message, createdAt);
      if (!isThere(message, action)) continue;
      if (action === "quarantine" && message.state === "QUARANTINED") counts.passed++;
      else counts.selected++;
    }
    for (const message of selected) {
      at += EVERY_MS;
      if (!isThere(message, action)) continue;
      if (action === "quarantine" && message.state === "QUARANTINED") continue;
      this.#deliverDue(message, at - 1);
      if (!isThere(message, action)) {
        counts.left++;
        continue;
      }
      counts.done++;
      const hasNote = action !== "move" && action !== "undelete";
      this.#act(action, message, at, hasNote ? `${id}: ${request}` : "");
    }
    this.#record.write(OPERATOR, { e: "job-seen", at: at + 20, request, state: "DONE", ...counts });
    return at + 40;
  }

  #act(action: OperatorAction, message: JobMessage, at: number, note: string): void {
    const { queue, id, number } = message;
    const to = action === "move" ? TARGET : queue;
    const act = {
      e: "acted",
      at: STARTED_AT + at,
      queue,
      id,
      action,
      note,
      to,
      number,
    } as const;
    this.#record.run.acted.push(act);
    switch (action) {
      case "edit":
        message.isEdited = true;
        return;
      case "quarantine":
        message.state = "QUARANTINED";
        message.quarantineReason = "OPERATOR_REQUEST";
        return;
      case "move":
        this.#record.count(queue, "movedOut");
        this.#record.count(to, "movedIn");
        message.queue = to;
        return;
      case "retry":
        this.#deliver(message, at + 5);
        return;
      case "undelete":
        message.state = message.before ?? "GONE";
        this.#record.count(queue, "undeleted");
        return;
      default:
        message.before = message.state === "GONE" ? undefined : message.state;
        message.state = "GONE";
        this.#record.count(queue, action === "purge" ? "purged" : "discarded");
    }
  }

  #deliverDue(message: JobMessage, untilMs: number): void {
    const { dueAt, state, createdAt } = message;
    if (state === "SCHEDULED" && dueAt <= untilMs && dueAt < createdAt + FAR_MS / 2) {
      this.#deliver(message, dueAt);
    }
  }

  #deliver(message: JobMessage, issuedAt: number): void {
    const { id, source, queue, isEdited } = message;
    const seenAt = issuedAt + 1;
    const token = `token-of-${source}`;
    this.#record.count(queue, "deliveries");
    this.#record.count(queue, "succeeded");
    message.state = "GONE";
    this.#record.write(WORKER, {
      ...{ e: "delivered", at: seenAt, stream: `stream-${Math.floor(seenAt / STREAM_MS)}` },
      ...{ queue, id, source, sum: `${isEdited ? "edited" : "sum of"} ${source}`, plan: "job" },
      ...{ token, number: ++message.number, attempt: 1, unknown: false },
      expires: STARTED_AT + issuedAt + LEASE_MS,
    });
    const request = this.#record.name("ack");
    const outcomes = [{ token, outcome: "succeeded" }] as const;
    this.#record.write(WORKER, { e: "acking", at: seenAt + 1, request, outcomes });
    const results = [{ status: "APPLIED", state: "SUCCEEDED" }];
    this.#record.write(WORKER, { e: "acked", at: seenAt + 3, request, results });
  }
}
