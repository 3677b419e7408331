import type { Readiness } from "../rpc/health.ts";

/** Why the server is not ready; the first that holds is reported. */
type Obstacle = "draining" | "store";

const TEXTS: Record<Obstacle, string> = {
  draining: "the server is shutting down",
  store: "the store does not answer, or is still loading",
};

/** Whether this server can work, for health checks and `/readyz`. */
export class ServerReadiness implements Readiness {
  readonly #obstacles = new Set<Obstacle>(["store"]);
  readonly #listeners = new Set<() => void>();
  readonly #storeFull: () => string | undefined;

  /** @param storeFull why sends are refused; undefined: they are not */
  constructor(storeFull: () => string | undefined = () => undefined) {
    this.#storeFull = storeFull;
  }

  state(): "SERVING" | "NOT_SERVING" {
    return this.#obstacles.size === 0 ? "SERVING" : "NOT_SERVING";
  }

  why(): string | undefined {
    const first = (Object.keys(TEXTS) as Obstacle[]).find((one) => this.#obstacles.has(one));
    return first === undefined ? undefined : TEXTS[first];
  }

  /** A full store does not make a server unready: workers need it, and every other server has the same store. */
  warning(): string | undefined {
    const full = this.#storeFull();
    return full === undefined ? undefined : `sends are refused: ${full}`;
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
