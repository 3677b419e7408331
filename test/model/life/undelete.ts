import type { Life } from "./life.ts";
import type { Message } from "./message.ts";

/** The default of `retain_deleted`. */
const KEPT_MS = 24 * 3_600_000;

/** What a tick erases. */
export function eraseDeleted(life: Life): void {
  for (const [id, { atMs }] of [...life.deleted]) {
    if (atMs + KEPT_MS <= life.nowMs) life.deleted.delete(id);
  }
}

/** An operator brings messages back. */
export function undelete(life: Life, ids: readonly string[], toRetry: boolean) {
  const refused: { id: string; refusal: "PRESENT" | "MISSING" | "FULL_MESSAGES" }[] = [];
  for (const id of ids) {
    const { message } = life.deleted.get(id) ?? {};
    const { maxMessages } = life.settings;
    if (life.messages.has(id)) refused.push({ id, refusal: "PRESENT" });
    else if (message === undefined) refused.push({ id, refusal: "MISSING" });
    else if (maxMessages > 0 && life.messages.size + 1 > maxMessages)
      refused.push({ id, refusal: "FULL_MESSAGES" });
    else bringBack(life, message, toRetry);
  }
  return { count: ids.length - refused.length, refused };
}

function bringBack(life: Life, message: Message, toRetry: boolean): void {
  life.deleted.delete(message.id);
  life.counts.undeleted++;
  insert(life, message);
  message.lease = undefined;
  message.rejoined = false;
  message.holds = false;
  if (toRetry) {
    message.attempts = 0;
    message.expiries = 0;
    message.releases = 0;
    message.poisoned = false;
    if (message.sourceId !== "") life.sources.forget(message.sourceId);
  }
  const { expireAtMs } = message;
  if (expireAtMs !== undefined && (toRetry || expireAtMs <= life.nowMs)) {
    message.expireAtMs = life.nowMs + message.ttlMs;
  }
  const { state, quarantineReason } = message;
  if (state === "QUARANTINED" && quarantineReason !== undefined && !toRetry)
    life.quarantine(message, quarantineReason);
  else life.schedule(message, toRetry ? life.nowMs : message.dueAtMs);
}

/** Messages are in the order of their arrival, as their ids are. */
function insert({ messages }: Life, message: Message): void {
  const all = [...messages.values(), message].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  messages.clear();
  for (const one of all) messages.set(one.id, one);
}
