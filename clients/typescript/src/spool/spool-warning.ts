import { whyFailed } from "../call-error.ts";
import { RepeatedWarning } from "../repeated-warning.ts";

/**
 * Logs why messages wait in the spool, at most once a minute: the cause may need a fix by an operator.
 * Logs once when none waits any more.
 */
export class SpoolWarning {
  readonly #target: string;
  readonly #count: () => number;
  readonly #warning = new RepeatedWarning();
  #lastError: unknown;

  /** @param count returns how many messages wait */
  constructor(target: string, count: () => number) {
    this.#target = target;
    this.#count = count;
  }

  /** The latest reported error. */
  get lastError(): unknown {
    return this.#lastError;
  }

  /** @param error why messages wait; undefined: no server answered */
  warn(error: unknown): void {
    this.#lastError = error;
    const count = this.#count();
    this.#warning.warn(
      `messages wait in the spool for ${this.#target} (${count}): ${whyFailed(error)}; retrying`,
    );
  }

  /** Logs that messages of a process that has ended are sent now. */
  found(): void {
    const count = this.#count();
    this.#warning.begin(
      `the spool for ${this.#target} has messages of an earlier run (${count}); sending them`,
    );
  }

  /** No message waits. Logs it if the last line said that some do. */
  emptied(): void {
    this.#warning.end(`the spool for ${this.#target} is empty again`);
  }
}
