import type {
  Acted,
  BreakerOpened,
  Counted,
  FaultRecord,
  HistoryEvent,
  Kept,
} from "../../history/event.ts";
import { STARTED_AT } from "../story.ts";

/** The histories of all actors, with snapshot and faults. */
export interface Run {
  /** Actor -> its events, by time. */
  readonly events: Map<string, HistoryEvent[]>;
  readonly kept: Kept[];
  readonly counted: Counted[];
  readonly openings: BreakerOpened[];
  readonly acted: Acted[];
  readonly faults: FaultRecord[];
}

type MutableCounted = { -readonly [K in keyof Counted]: Counted[K] };
type Counter = Exclude<keyof Counted, "e" | "queue" | "openBreakers" | "broken">;

/** Records a run. */
export class RunRecord {
  readonly run: Run = {
    ...{ events: new Map(), kept: [], counted: [], openings: [], acted: [], faults: [] },
  };
  readonly #counters = new Map<string, MutableCounted>();
  #names = 0;

  constructor(queues: readonly string[]) {
    for (const queue of queues) {
      const ended = { succeeded: 0, discarded: 0, expired: 0, purged: 0 };
      const came = { undeleted: 0, movedOut: 0, movedIn: 0 };
      const counted = {
        accepted: 0,
        duplicates: 0,
        ...ended,
        ...came,
        deliveries: 0,
        leaseExpiries: 0,
        failedAttempts: 0,
        released: 0,
      };
      this.#counters.set(queue, { e: "counted", queue, ...counted, openBreakers: 0, broken: [] });
    }
  }

  write(actor: string, event: HistoryEvent): void {
    const events = this.run.events.get(actor) ?? [];
    events.push({ ...event, at: STARTED_AT + event.at });
    this.run.events.set(actor, events);
  }

  /** Adds a fault between these times. */
  fault(number: number, from: number, to: number): void {
    const fault = { e: "fault", number, kind: "reset" } as const;
    this.run.faults.push({ ...fault, phase: "begins", at: STARTED_AT + from });
    this.run.faults.push({ ...fault, phase: "over", at: STARTED_AT + to });
  }

  /** Adds the opening of a breaker. */
  opening(queue: string, key: string, at: number): void {
    this.run.openings.push({ e: "breaker", at: STARTED_AT + at, queue, key });
  }

  name(kind: string): string {
    return `${kind}-${++this.#names}`;
  }

  count(queue: string, counter: Counter): void {
    const counted = this.#counters.get(queue);
    if (counted !== undefined) counted[counter]++;
  }

  /** Ends all actors at `endedAt`, except the killed one. */
  end(endedAt: number, killed: string): void {
    for (const [actor, events] of this.run.events) {
      events.sort((a, b) => a.at - b.at);
      if (actor !== killed) events.push({ e: "ended", at: STARTED_AT + endedAt });
    }
    this.run.counted.push(...this.#counters.values());
  }
}
