import type { Closed, Delivered, Opened } from "../history/event.ts";
import { CLOCK_TOLERANCE_MS, type RunMs } from "./clock.ts";
import type { Stream } from "./delivery.ts";
import type { Findings } from "./findings.ts";
import type { Ledger, Message } from "./ledger.ts";
import { seenSource } from "./seen-source.ts";

/** The streams of one worker and their deliveries. */
export class Deliveries {
  readonly #ledger: Ledger;
  readonly #findings: Findings;
  readonly #streams = new Map<string, Stream>();

  constructor(ledger: Ledger, findings: Findings) {
    this.#ledger = ledger;
    this.#findings = findings;
  }

  opened({ stream, leaseMs }: Opened): void {
    if (this.#streams.has(stream)) {
      this.#findings.broken("history-whole", `stream ${stream} was opened twice`);
    }
    this.#streams.set(stream, { leaseMs, isClosed: false });
    this.#ledger.noteLease(leaseMs);
  }

  closed({ stream }: Closed): void {
    const own = this.#streams.get(stream);
    if (own !== undefined) own.isClosed = true;
    else this.#findings.broken("history-whole", `stream ${stream} was closed, but never opened`);
  }

  delivered(event: Delivered, at: RunMs): void {
    const stream = this.#streams.get(event.stream);
    if (stream === undefined) {
      const words = `${event.id} came on stream ${event.stream}, which was never opened`;
      this.#findings.broken("history-whole", words);
      return;
    }
    if (stream.isClosed) {
      const words = `${event.id} came on stream ${event.stream}, which was closed`;
      this.#findings.broken("history-whole", words);
    }
    const delivery = this.#ledger.token(event.token);
    if (delivery.message !== undefined) {
      const words = `delivery ${delivery.number} of ${delivery.message}, again as ${event.number} of ${event.id}`;
      this.#findings.broken("token-once", words);
      return;
    }
    const message = this.#messageOf(event, at);
    delivery.message = message;
    delivery.stream = stream;
    delivery.at = at;
    delivery.leaseEnd = Math.max(delivery.leaseEnd, this.#ledger.clock.of(event.expires));
    delivery.issuedAt = this.#ledger.clock.of(event.expires) - Math.round(stream.leaseMs);
    delivery.queue = this.#ledger.name(event.queue);
    // Share the string with the source, to save memory: there are millions.
    delivery.sum = event.sum === message.source.sum ? message.source.sum : event.sum;
    delivery.number = event.number;
    delivery.attempt = event.attempt;
    delivery.isUnknown = event.unknown;
    message.add(delivery);
    if (event.number < 1) {
      this.#findings.broken("numbers-grow", `delivery ${event.number} of ${message}`);
    }
    if (delivery.issuedAt > at + CLOCK_TOLERANCE_MS) {
      const words = `delivery ${event.number} of ${message} came ${delivery.issuedAt - at} ms before it was issued by its lease of ${stream.leaseMs} ms`;
      this.#findings.broken("history-whole", words);
    }
  }

  #messageOf(event: Delivered, at: RunMs): Message {
    const source = seenSource(this.#ledger, this.#findings, event);
    const known = this.#ledger.messages.get(event.id);
    if (known === undefined) return this.#ledger.message(event.id, source);
    if (known.source !== source) {
      this.#findings.broken("one-source", `${known} was delivered as ${source.name} at ${at} ms`);
    }
    return known;
  }
}
