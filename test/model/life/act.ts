import type { Life } from "./life.ts";
import type { Message } from "./message.ts";
import { retry } from "./retry.ts";

export type ActKind = "retry" | "quarantine" | "discard";

/** What a step of a batch job may act on. */
export const canAct = (kind: ActKind, { state }: Message): boolean =>
  kind === "quarantine" ? state === "SCHEDULED" : state !== "IN_FLIGHT";

/** A step of a batch job. */
export function act(life: Life, kind: ActKind, message: Message): void {
  if (kind === "retry") retry(life, "", [message.id]);
  else if (kind === "quarantine") life.quarantine(message, "OPERATOR_REQUEST");
  else {
    if (message.sourceId !== "") life.sources.forget(message.sourceId);
    life.leave(message, "discarded");
  }
}
