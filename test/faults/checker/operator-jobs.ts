import type { Created, Creating, JobSeen, OperatorAction, Uncreated } from "../history/event.ts";
import { NEVER, type RunMs } from "./clock.ts";
import type { Findings } from "./findings.ts";
import type { Ledger } from "./ledger.ts";

/** A batch job, or an Undelete, that an operator asked for. */
export class Job {
  readonly request: string;
  readonly action: OperatorAction;
  readonly mark: string;
  readonly askedAt: RunMs;
  /** Empty: no try was answered. */
  id = "";
  /** By the store's clock. */
  createdAt: RunMs = NEVER;
  /** As it was seen last, and when. Undefined: never. */
  seen: (JobSeen & { readonly seenAt: RunMs }) | undefined;
  /** Its actions in the outbox. */
  acts = 0;
  /** Messages that it selects and has not acted on, though nothing else happened to them. */
  missed: string[] = [];

  constructor({ request, action, mark }: Creating, askedAt: RunMs) {
    this.request = request;
    this.action = action;
    this.mark = mark;
    this.askedAt = askedAt;
  }

  /** When the operator saw its end, or NEVER. */
  get endedAt(): RunMs {
    return this.seen?.seenAt ?? NEVER;
  }

  toString(): string {
    return `job ${this.id} (${this.request}, ${this.action} of ${this.mark})`;
  }
}

/** An action of a batch job or Undelete on a message. */
export interface Act {
  readonly action: OperatorAction;
  readonly at: RunMs;
  /** Where the message was, and where it was after it. */
  readonly queue: string;
  readonly to: string;
  /** `j-3: ` and the request of the job. Empty: a move or Undelete. */
  readonly note: string;
  /** Deliveries until then. */
  readonly number: number;
}

/** The batch jobs of one operator. */
export class OperatorJobs {
  readonly #ledger: Ledger;
  readonly #findings: Findings;
  readonly #requests = new Map<string, Job>();

  constructor(ledger: Ledger, findings: Findings) {
    this.#ledger = ledger;
    this.#findings = findings;
  }

  creating(event: Creating, at: RunMs): void {
    if (this.#requests.has(event.request)) return;
    const job = new Job(event, at);
    this.#requests.set(event.request, job);
    this.#ledger.addJob(job, this.#findings);
  }

  created({ request, job: id, createdAt }: Created, at: RunMs): void {
    const job = this.#jobOf(request);
    if (job === undefined) return;
    if (job.id !== "" && job.id !== id) {
      const words = `request ${request} created ${job.id}, then ${id}`;
      this.#findings.brokenUnlessForgotten("job-once", words, job.askedAt, at);
    }
    job.id = id;
    job.createdAt = this.#ledger.clock.of(createdAt);
  }

  uncreated({ request }: Uncreated): void {
    this.#jobOf(request);
  }

  seen(event: JobSeen, seenAt: RunMs): void {
    const job = this.#jobOf(event.request);
    if (job !== undefined) job.seen = { ...event, seenAt };
  }

  #jobOf(request: string): Job | undefined {
    const job = this.#requests.get(request);
    if (job === undefined) {
      this.#findings.broken("history-whole", `job ${request} was answered, but never asked for`);
    }
    return job;
  }
}
