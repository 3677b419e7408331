import { setImmediate as turn } from "node:timers/promises";
import { errors, type NatsConnection, PermissionViolationError } from "@nats-io/transport-node";

/** Denied subjects that are kept. With more, the oldest are forgotten. */
const DENIED_MAX = 10_000;
/** Characters of a denial. Those of NATS have a subject of ours and few words. */
const DENIAL_MAX = 4_096;

/**
 * One connection, from start to end. It never reconnects: the client's own reconnects would send later what was
 * buffered meanwhile, behind what was sent again.
 */
export class NatsSession {
  readonly nc: NatsConnection;
  readonly #timeoutMs: number;
  /** Rejects the calls that wait for an answer. */
  readonly #waiting = new Set<(error: unknown) => void>();
  /** Errors of denied subjects that `takeDenied` has not returned. */
  readonly #denied = new Map<string, PermissionViolationError>();
  #lastError: Error | undefined;
  #isOver = false;
  #turn: Promise<void> | undefined;
  #trip: Promise<void> | undefined;

  constructor(nc: NatsConnection, timeoutMs: number) {
    this.nc = nc;
    this.#timeoutMs = timeoutMs;
    void this.#watch();
    void nc.closed().then((error) => this.#finish(error ?? this.#lastError));
  }

  get isOver(): boolean {
    return this.#isOver || this.nc.isClosed();
  }

  /** Resolves in the next turn of the event loop, for all callers together: so what they send goes in one write. */
  nextTurn(): Promise<void> {
    this.#turn ??= turn().then(() => {
      this.#turn = undefined;
    });
    return this.#turn;
  }

  /**
   * Resolves when NATS has processed what was sent, and what is sent until the caller waits for it. Rejects if it does not answer
   * in time, and then ends the connection. Callers at the same time share one.
   */
  roundTrip(): Promise<void> {
    this.#trip ??= Promise.resolve().then(() => {
      this.#trip = undefined;
      return this.#roundTrip();
    });
    return this.#trip;
  }

  async #roundTrip(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const done = (settle: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(fail);
        settle();
      };
      const fail = (error: unknown) => done(() => reject(error));
      const timer = setTimeout(() => {
        fail(new errors.TimeoutError());
        void this.end();
      }, this.#timeoutMs);
      this.#waiting.add(fail);
      this.nc.flush().then(() => done(resolve), fail);
    });
    // What was denied before the answer is seen within this turn.
    await turn();
  }

  /** Returns the error of a denied subject, once. */
  takeDenied(subject: string): PermissionViolationError | undefined {
    const denied = this.#denied.get(subject);
    this.#denied.delete(subject);
    return denied;
  }

  /** Ends the connection, with all that was not sent. */
  async end(): Promise<void> {
    this.#finish(undefined);
    await this.nc.close();
  }

  #finish(error: unknown): void {
    this.#isOver = true;
    for (const fail of this.#waiting) fail(error ?? new Error("the connection ended"));
  }

  #keepDenied(error: PermissionViolationError): void {
    if (error.message.length > DENIAL_MAX) return;
    const [oldest] = this.#denied.keys();
    if (oldest !== undefined && this.#denied.size >= DENIED_MAX) this.#denied.delete(oldest);
    this.#denied.set(error.subject, error);
  }

  async #watch(): Promise<void> {
    for await (const status of this.nc.status()) {
      if (status.type !== "error") continue;
      const { error } = status;
      if (!(error instanceof PermissionViolationError)) this.#lastError = error;
      else if (error.operation === "publish") this.#keepDenied(error);
    }
  }
}
