import type { Closed, Delivered, Opened } from "../history/event.ts";
import type { Findings } from "./findings.ts";
import {
  CLOCK_TOLERANCE_MS,
  type Ledger,
  type Message,
  NEVER,
  type RunMs,
  type Stream,
} from "./ledger.ts";
import { seenSource } from "./seen-source.ts";

/** The streams of one worker, and what came by them. */
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
    this.#streams.set(stream, { leaseMs, closedAt: NEVER });
  }

  closed({ stream }: Closed, at: RunMs): void {
    const own = this.#streams.get(stream);
    if (own !== undefined) own.closedAt = at;
    else this.#findings.broken("history-whole", `stream ${stream} was closed and never opened`);
  }

  delivered(event: Delivered, at: RunMs): void {
    const stream = this.#streams.get(event.stream);
    if (stream === undefined) {
      const words = `${event.id} came by stream ${event.stream}, which was never opened`;
      this.#findings.broken("history-whole", words);
      return;
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

  /** The actor has ended, or was killed: so have its streams. */
  end(at: RunMs): void {
    for (const stream of this.#streams.values()) stream.closedAt = Math.min(stream.closedAt, at);
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
