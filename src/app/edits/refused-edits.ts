import type { DecisionLog, EditObserver } from "../observer.ts";
import { OnceAMinute } from "../once-a-minute.ts";
import { type EditSource, nameOf } from "./plan-groups.ts";

export interface RefusedEditsParts {
  observer: EditObserver;
  log: Pick<DecisionLog, "warn">;
  /** The wall clock. */
  now(): number;
}

/** Tells of edits that a queue or a rule asks for and that can't be made: the message goes on as it is. */
export class RefusedEdits {
  readonly #parts: RefusedEditsParts;
  readonly #once: OnceAMinute;

  constructor(parts: RefusedEditsParts) {
    this.#parts = parts;
    this.#once = new OnceAMinute(parts.now);
  }

  /** `id` is empty for a message that has none yet. */
  tell(queue: string, id: string, by: EditSource, why: string): void {
    const { observer, log } = this.#parts;
    if ("rule" in by) observer.ruleFailed(by.rule);
    else observer.transformsRefused(queue);
    if (!this.#once.isDue(nameOf(by))) return;
    const message = id === "" ? {} : { id };
    log.warn({ queue, ...message, by: nameOf(by), why }, "goes on without its transforms");
  }
}
