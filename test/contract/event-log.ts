import { isMap, type Json, type JsonMap, shown } from "./json.ts";
import { mismatch } from "./matching.ts";

/** Events of agents, in order. A step that waits for an event takes it out. */
export class EventLog {
  readonly #events: JsonMap[] = [];
  readonly #wakes = new Set<() => void>();

  add(event: JsonMap): void {
    this.#events.push(event);
    for (const wake of this.#wakes) wake();
  }

  /** Takes out the first event that matches; waits until it comes. */
  async take(wanted: Json, withinMs: number): Promise<JsonMap> {
    const deadlineAtMs = performance.now() + withinMs;
    for (;;) {
      const at = this.#indexOf(wanted);
      const [event] = at < 0 ? [] : this.#events.splice(at, 1);
      if (event !== undefined) return event;
      const leftMs = deadlineAtMs - performance.now();
      if (leftMs <= 0)
        throw new Error(`no event ${shown(wanted)} in ${withinMs} ms${this.#rest()}`);
      await this.#change(leftMs);
    }
  }

  /** @throws if a matching event is there, or comes */
  async none(unwanted: Json, forMs: number): Promise<void> {
    const deadlineAtMs = performance.now() + forMs;
    for (;;) {
      const event = this.#events[this.#indexOf(unwanted)];
      if (event !== undefined) throw new Error(`there was an event ${shown(event)}`);
      const leftMs = deadlineAtMs - performance.now();
      if (leftMs <= 0) return;
      await this.#change(leftMs);
    }
  }

  #indexOf(wanted: Json): number {
    return this.#events.findIndex((event) => mismatch(wanted, event) === undefined);
  }

  #rest(): string {
    const rest = this.#events.filter(isMap);
    return rest.length === 0 ? "" : `; there were ${shown(rest)}`;
  }

  #change(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#wakes.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, withinMs);
      this.#wakes.add(wake);
    });
  }
}
