import type { Readiness } from "../rpc/health.ts";

/** Why the server does not serve: the first of these that holds. */
type Obstacle = "draining" | "store";

const WORDS: Record<Obstacle, string> = {
  draining: "the server is shutting down",
  store: "the store does not answer, or is still loading",
};

/** Whether this server can do its work; health, `/readyz` and orchestrators follow it. */
export class ServerReadiness implements Readiness {
  readonly #obstacles = new Set<Obstacle>(["store"]);
  readonly #listeners = new Set<() => void>();

  state(): "SERVING" | "NOT_SERVING" {
    return this.#obstacles.size === 0 ? "SERVING" : "NOT_SERVING";
  }

  why(): string | undefined {
    const first = (Object.keys(WORDS) as Obstacle[]).find((one) => this.#obstacles.has(one));
    return first === undefined ? undefined : WORDS[first];
  }

  /** It is about to end: nothing that stops now is news. */
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
