// What producers and workers record, a line of JSON each, and what became of each send by that.

/** Recorded before a send. */
export interface Sending {
  readonly event: "sending";
  /** The message's name and payload: language, process, and its number there. */
  readonly name: string;
  readonly atMs: number;
}

/** The client's result of a send. */
export interface Result {
  readonly event: "result";
  readonly name: string;
  readonly atMs: number;
  readonly tookMs: number;
  readonly status: "sent" | "joined" | "spooled" | "delivery" | "dropped";
  /** Of `spooled`. */
  readonly durable?: boolean;
  /** Of `dropped`: kind and message. */
  readonly error?: string;
}

/** Recorded by a handler before it returns. */
export interface Handled {
  readonly event: "handled";
  readonly name: string;
  readonly atMs: number;
  /** The message's id. */
  readonly id: string;
  readonly attempt: number;
  readonly outcomeUnknown: boolean;
}

export type OutageEvent = Sending | Result | Handled;

/** One send. */
export interface Entry {
  readonly name: string;
  /** Undefined if a worker handled what no producer sent. */
  sending?: Sending;
  /** More than one is a fault. */
  readonly results: Result[];
  readonly handled: Handled[];
}

/** All sends of one language, by name. */
export class Ledger {
  readonly entries = new Map<string, Entry>();
  /** By status, for the progress; the verdict looks at entries. */
  readonly counts = { sending: 0, sent: 0, joined: 0, spooled: 0, delivery: 0, dropped: 0 };
  handled = 0;

  add(event: OutageEvent): void {
    const entry = this.#entry(event.name);
    switch (event.event) {
      case "sending":
        entry.sending = event;
        this.counts.sending++;
        break;
      case "result":
        entry.results.push(event);
        this.counts[event.status]++;
        break;
      case "handled":
        entry.handled.push(event);
        this.handled++;
    }
  }

  #entry(name: string): Entry {
    let entry = this.entries.get(name);
    if (entry === undefined) {
      entry = { name, results: [], handled: [] };
      this.entries.set(name, entry);
    }
    return entry;
  }
}
