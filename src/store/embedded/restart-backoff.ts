// How long to wait before a redis-server that died is started again.

const FIRST_MS = 100;
const CAP_MS = 5_000;

/** After a run of this length waiting begins again with the first delay. */
const HEALTHY_MS = 30_000;

export class RestartBackoff {
  #nextMs = FIRST_MS;

  /** `upMs`: how long the server that just ended was up. */
  next(upMs: number): number {
    if (upMs >= HEALTHY_MS) this.#nextMs = FIRST_MS;
    const waitMs = this.#nextMs;
    this.#nextMs = Math.min(waitMs * 2, CAP_MS);
    return waitMs;
  }
}
