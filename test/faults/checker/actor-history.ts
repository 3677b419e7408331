import type { HistoryEvent } from "../history/event.ts";
import { asEvent } from "../history/shape.ts";
import { Acks } from "./acks.ts";
import type { RunMs } from "./clock.ts";
import { Deliveries } from "./deliveries.ts";
import { Extensions } from "./extensions.ts";
import type { Findings } from "./findings.ts";
import type { Ledger } from "./ledger.ts";
import { OperatorJobs } from "./operator-jobs.ts";
import { Sends } from "./sends.ts";

/** Prefix of the names of actors that misbehave on purpose. */
const ODD = "odd-";

/** Reads the events of one actor; `end` comes last. */
export class ActorHistory {
  readonly #ledger: Ledger;
  readonly #findings: Findings;
  readonly #actors: Set<string>;
  readonly #file: string;
  readonly #sends: Sends;
  readonly #deliveries: Deliveries;
  readonly #extensions: Extensions;
  readonly #jobs: OperatorJobs;
  #acks: Acks | undefined;
  #hasEnded = false;

  constructor(ledger: Ledger, findings: Findings, actors: Set<string>, file: string) {
    this.#ledger = ledger;
    this.#findings = findings;
    this.#file = file;
    this.#actors = actors;
    this.#sends = new Sends(ledger, findings);
    this.#deliveries = new Deliveries(ledger, findings);
    this.#extensions = new Extensions(ledger, findings);
    this.#jobs = new OperatorJobs(ledger, findings);
  }

  readonly take = (value: unknown): void => {
    const event = asEvent(value);
    const at = this.#ledger.clock.of(event.at);
    if (this.#hasEnded) this.#report(`${event.e} after its end`);
    if (event.e === "started") this.#start(event.actor);
    else if (this.#acks === undefined) this.#report(`${event.e} before its start`);
    else this.#dispatch(event, at, this.#acks);
  };

  end(): void {
    if (this.#acks === undefined) this.#report("no start");
    this.#acks?.end();
  }

  #start(actor: string): void {
    if (this.#acks !== undefined) this.#report("a second start");
    if (this.#actors.has(actor)) this.#report(`another file of actor ${actor}`);
    this.#actors.add(actor);
    this.#acks = new Acks(this.#ledger, this.#findings, actor.startsWith(ODD));
  }

  #dispatch(event: Exclude<HistoryEvent, { e: "started" }>, at: RunMs, acks: Acks): void {
    switch (event.e) {
      case "sending":
        this.#sends.sending(event);
        break;
      case "sent":
        this.#sends.sent(event, at);
        break;
      case "unsent":
        this.#sends.unsent(event);
        this.#ledger.outages.reported(event.code, at);
        break;
      case "opened":
        this.#deliveries.opened(event);
        break;
      case "closed":
        this.#deliveries.closed(event);
        break;
      case "delivered":
        this.#deliveries.delivered(event, at);
        break;
      case "acking":
        acks.acking(event, at);
        break;
      case "acked":
        acks.acked(event, at);
        break;
      case "unacked":
        acks.unacked(event);
        this.#ledger.outages.reported(event.code, at);
        break;
      case "extending":
        this.#extensions.extending(event, at);
        break;
      case "extended":
        this.#extensions.extended(event);
        break;
      case "unextended":
        this.#extensions.unextended(event);
        break;
      case "creating":
        this.#jobs.creating(event, at);
        break;
      case "created":
        this.#jobs.created(event, at);
        break;
      case "uncreated":
        this.#jobs.uncreated(event);
        break;
      case "job-seen":
        this.#jobs.seen(event, at);
        break;
      case "ended":
        this.#hasEnded = true;
    }
  }

  #report(words: string): void {
    this.#findings.broken("history-whole", `${this.#file}: ${words}`);
  }
}
