import type { Sending, Sent, Unsent } from "../history/event.ts";
import { jobFacts } from "../history/job-sources.ts";
import type { RunMs } from "./clock.ts";
import type { Findings } from "./findings.ts";
import type { Ledger, Source } from "./ledger.ts";
import { seenSource } from "./seen-source.ts";

interface SendRequest {
  readonly source: Source;
  /** From the answer. Empty before it. */
  id: string;
}

/** The sends of one producer. */
export class Sends {
  readonly #ledger: Ledger;
  readonly #findings: Findings;
  readonly #requests = new Map<string, SendRequest>();

  constructor(ledger: Ledger, findings: Findings) {
    this.#ledger = ledger;
    this.#findings = findings;
  }

  sending(event: Sending): void {
    const source = seenSource(this.#ledger, this.#findings, event);
    source.tries++;
    const { request } = event;
    const known = this.#requests.get(request);
    if (known === undefined) this.#requests.set(request, { source, id: "" });
    if ((source.request ?? request) !== request || (known?.source ?? source) !== source) {
      const words = `request ${request} and source ${source.name} were also used with others`;
      this.#findings.broken("history-whole", words);
    }
    source.request = request;
  }

  sent({ request, id, state, dueAt }: Sent, at: RunMs): void {
    const own = this.#requests.get(request);
    if (own === undefined) {
      this.#findings.broken("history-whole", `request ${request} was answered, but never sent`);
      return;
    }
    const { source } = own;
    if (state === "DISCARDED") {
      source.droppedAt = Math.min(source.droppedAt, at);
      if (id !== "" || own.id !== "") {
        this.#findings.broken("dropped", `${source.name} was dropped, and has id ${id || own.id}`);
      }
      return;
    }
    if (state === "KNOWN") {
      source.knownAt = Math.min(source.knownAt, at);
      return;
    }
    const message = this.#ledger.messages.get(id) ?? this.#ledger.message(id, source);
    if (message.source !== source) {
      this.#findings.broken("one-source", `${message} was sent as ${source.name}`);
      return;
    }
    if (own.id !== "" && own.id !== id) {
      const words = `request ${request} was answered with ${own.id}, then with ${id}`;
      this.#findings.brokenUnlessForgotten("one-id", words, message.createdAt, at);
    }
    own.id = id;
    message.sentAt = at;
    if (dueAt > 0) message.dueAt = this.#ledger.clock.of(dueAt);
    const expected = jobFacts(source.name)?.state === "quarantined" ? "QUARANTINED" : "SCHEDULED";
    if (state !== expected) {
      const words = `${message} was sent and is ${state}`;
      this.#findings.broken("quarantine-earned", words);
    }
  }

  unsent({ request, refused }: Unsent): void {
    const own = this.#requests.get(request);
    if (own === undefined) {
      this.#findings.broken("history-whole", `request ${request} failed, but was never sent`);
    } else if (refused) own.source.refusedTries++;
  }
}
