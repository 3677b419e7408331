import { formatMessageId } from "../../core/message-id.ts";
import { type DecisionLog, OnceAMinute } from "../observer.ts";

export interface DamageLogParts {
  log: Pick<DecisionLog, "warn">;
  /** The wall clock. */
  now(): number;
}

/** Logs messages that lists and counts leave out, at most one a minute of each queue. */
export class DamageLog {
  readonly #log: DamageLogParts["log"];
  readonly #once: OnceAMinute;

  constructor({ log, now }: DamageLogParts) {
    this.#log = log;
    this.#once = new OnceAMinute(now);
  }

  /** `cause`: the error of reading it. */
  report(queue: string, id: Uint8Array, cause: unknown): void {
    if (!this.#once.isDue(queue)) return;
    const facts = { queue, id: formatMessageId(id), error: String(cause) };
    this.#log.warn(facts, "a stored message cannot be read; lists and counts leave it out");
  }
}
