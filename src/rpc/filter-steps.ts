import { serverBusy } from "../core/errors.ts";
import { RULE_LIMITS } from "../rules/rule.ts";

/** Most steps of the patterns in filters of all open watches: as many as all routing rules of an event may have. */
export const WATCH_PATTERN_STEPS = RULE_LIMITS.setPatternSteps;
const RETRY_AFTER_MS = 5_000;

/** The filter of a watch. */
export interface WatchFilter {
  /** As in Expression. */
  readonly patternSteps: number;
  /** Watches with the same one evaluate it once. Undefined: each of them does. */
  readonly sharedText?: string;
}

/** Watches with one filter: how many each caller has, and the one for which it counts, as long as that has some. */
interface Use {
  readonly users: Map<string, number>;
  payer: string;
}

/** Limits the patterns in filters of open watches: each event costs as much as all of them together. */
export class FilterSteps {
  /** Filters that are shared. */
  readonly #shared = new Map<string, Use>();
  readonly #ofCaller = new Map<string, number>();
  #steps = 0;

  /** Counts a filter until the returned function is called. Throws BUSY if its caller has as many steps as are left for all. */
  take({ patternSteps, sharedText }: WatchFilter, caller: string): () => void {
    if (patternSteps === 0) return () => {};
    const known = sharedText === undefined ? undefined : this.#shared.get(sharedText);
    if (known === undefined) this.#add(patternSteps, caller);
    const use = known ?? { users: new Map(), payer: caller };
    use.users.set(caller, (use.users.get(caller) ?? 0) + 1);
    if (sharedText !== undefined) this.#shared.set(sharedText, use);
    return () => {
      const users = (use.users.get(caller) ?? 0) - 1;
      if (users > 0) use.users.set(caller, users);
      else use.users.delete(caller);
      if (use.users.has(use.payer)) return;
      this.#remove(patternSteps, use.payer);
      const [next] = use.users.keys();
      if (next === undefined) {
        if (sharedText !== undefined) this.#shared.delete(sharedText);
        return;
      }
      use.payer = next;
      this.#count(patternSteps, next);
    };
  }

  #add(steps: number, caller: string): void {
    const own = (this.#ofCaller.get(caller) ?? 0) + steps;
    const left = WATCH_PATTERN_STEPS - this.#steps;
    if (own > left) {
      throw serverBusy(
        RETRY_AFTER_MS,
        `the patterns in filters of this caller's watches would have ${own} steps, and ${left} are left for all; shorten them, or end some watches`,
      );
    }
    this.#count(steps, caller);
  }

  #count(steps: number, caller: string): void {
    this.#steps += steps;
    this.#ofCaller.set(caller, (this.#ofCaller.get(caller) ?? 0) + steps);
  }

  #remove(steps: number, caller: string): void {
    this.#steps -= steps;
    const own = (this.#ofCaller.get(caller) ?? 0) - steps;
    if (own === 0) this.#ofCaller.delete(caller);
    else this.#ofCaller.set(caller, own);
  }
}
