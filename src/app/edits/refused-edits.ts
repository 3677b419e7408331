import type { DecisionLog, EditObserver } from "../observer.ts";
import { OnceAMinute } from "../once-a-minute.ts";
import { type EditSource, nameOf } from "./plan-groups.ts";

export interface RefusedEditsParts {
  observer: EditObserver;
  log: Pick<DecisionLog, "warn">;
  /** The wall clock. */
  now(): number;
}

/**
 * Reports edits that a queue or a rule asks for and that are refused. The message is accepted or
 * retried without them.
 */
export class RefusedEdits {
  readonly #parts: RefusedEditsParts;
  readonly #once: OnceAMinute;

  constructor(parts: RefusedEditsParts) {
    this.#parts = parts;
    this.#once = new OnceAMinute(parts.now);
  }

  /** `id` is empty if the message has none yet. */
  report(queue: string, id: string, source: EditSource, why: string): void {
    const { observer, log } = this.#parts;
    if ("rule" in source) observer.ruleFailed(source.rule);
    else observer.transformsRefused(queue);
    if (!this.#once.isDue(nameOf(source))) return;
    const message = id === "" ? {} : { id };
    log.warn(
      { queue, ...message, by: nameOf(source), why },
      "transforms refused; the message continues without them",
    );
  }
}
