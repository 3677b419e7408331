import type { Readiness } from "../rpc/health.ts";

/** What a server waits for. */
type Obstacle = "draining" | "store";

/** What the store and the publishing of events know, for people. */
export interface ReadinessFacts {
  /** Why the store is not ready, and what to do. */
  problem(): string;
  /** Why sends are refused, and what to do; undefined: they are accepted. */
  full(): string | undefined;
  /** That it may drop messages, and what to do; undefined: it does not. */
  eviction(): string | undefined;
  /** Why events are not published, and what to do; undefined: they are, or NATS is not configured. */
  publishing(): string | undefined;
}

/** Whether this server can work, for health checks and `/readyz`. */
export class ServerReadiness implements Readiness {
  readonly #obstacles = new Set<Obstacle>(["store"]);
  readonly #listeners = new Set<() => void>();
  readonly #facts: ReadinessFacts;

  constructor(facts: ReadinessFacts) {
    this.#facts = facts;
  }

  state(): "SERVING" | "NOT_SERVING" {
    return this.#obstacles.size === 0 ? "SERVING" : "NOT_SERVING";
  }

  why(): string | undefined {
    if (this.draining) return "the server is shutting down";
    return this.hasStore ? undefined : this.#facts.problem();
  }

  /** A full store does not make a server unready: workers need it, and every other server has the same store. Nor does NATS. */
  warning(): string | undefined {
    const full = this.#facts.full();
    const refused = full === undefined ? undefined : `sends are refused: ${full}`;
    const others = [this.#facts.eviction(), this.#facts.publishing()];
    const warnings = [refused, ...others].filter((one) => one !== undefined);
    return warnings.length === 0 ? undefined : warnings.join("; ");
  }

  /** Whether the store can be used. */
  get hasStore(): boolean {
    return !this.#obstacles.has("store");
  }

  /** Whether the server is stopping. */
  get draining(): boolean {
    return this.#obstacles.has("draining");
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  set(obstacle: Obstacle, holds: boolean): void {
    const before = this.state();
    if (holds) this.#obstacles.add(obstacle);
    else this.#obstacles.delete(obstacle);
    if (this.state() !== before) for (const listener of this.#listeners) listener();
  }
}
