import type { Handled, OutageEvent, Sending, Told } from "./event.ts";

/** What is known of one send. */
export interface Entry {
  readonly name: string;
  /** Undefined for what was processed and never sent. */
  sending?: Sending;
  /** Every word of the client on it: more than one is a fault. */
  readonly told: Told[];
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
      case "told":
        entry.told.push(event);
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
      entry = { name, told: [], handled: [] };
      this.entries.set(name, entry);
    }
    return entry;
  }
}
