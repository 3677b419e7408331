import type { Acted, Kept, SnapshotLine } from "../history/event.ts";
import type { Findings } from "./findings.ts";
import { type Ledger, type Message, Source } from "./ledger.ts";
import { QueueCounts } from "./rules/counters.ts";

/** The contents of the store at the end, compared with the histories. */
export class Contents {
  readonly counts = new QueueCounts();
  kept = 0;
  readonly #ledger: Ledger;
  readonly #findings: Findings;

  constructor(ledger: Ledger, findings: Findings) {
    this.#ledger = ledger;
    this.#findings = findings;
  }

  readonly take = (line: SnapshotLine): void => {
    if (line.e === "counted") {
      this.counts.take(line, this.#findings);
      return;
    }
    if (line.e === "breaker") {
      this.#ledger.noteOpening(line.queue, line.key, this.#ledger.clock.of(line.at));
      return;
    }
    if (line.e === "acted") {
      this.#act(line);
      return;
    }
    this.kept++;
    const message = this.#messageOf(line);
    if (message.kept !== undefined) {
      this.#findings.broken("kept-once", `${message} is stored twice`);
      return;
    }
    const { state, quarantineReason, attempts, number } = line;
    const queue = this.#ledger.name(line.queue);
    message.kept = { queue, state, quarantineReason, attempts, number };
  };

  #act({ id, action, at, queue, to, note, number }: Acted): void {
    const message = this.#ledger.messages.get(id);
    if (message === undefined) {
      // An operator asks for a job when its sends are answered.
      this.#findings.broken("job-selected", `${action} of ${id} in ${queue}, which is not known`);
      return;
    }
    const names = { queue: this.#ledger.name(queue), to: this.#ledger.name(to) };
    message.addAct({ action, at: this.#ledger.clock.of(at), note, number, ...names });
  }

  #messageOf({ id, source: name, queue }: Kept): Message {
    const source = this.#ledger.sources.get(name) ?? this.#unknownSource(name, queue);
    const known = this.#ledger.messages.get(id);
    if (known === undefined) return this.#ledger.message(id, source);
    if (known.source !== source) {
      this.#findings.broken("one-source", `${known} is stored as ${name}`);
    }
    return known;
  }

  /** The source of a stored message that no history names. */
  #unknownSource(name: string, queue: string): Source {
    const source = new Source(name, "ok");
    source.queue = queue;
    this.#ledger.sources.set(name, source);
    return source;
  }
}
