import { barrier } from "./barriers.ts";
import type { Life } from "./life.ts";
import { type Message, needsIsolation } from "./message.ts";
import type { HandOut, Room } from "./tick.ts";

/** Each so many hand-outs one goes to what has been due longest, whatever its priority. */
const OLDEST_EACH = 8;

/**
 * What was handed out before its turn, and what stays though there is room for it. Where something is
 * held back, which of several keys comes first is open, and one hand-out need not find all that may go.
 */
export function unclaimed(life: Life, handOut: HandOut): string[] {
  const left = handOut.due.filter(
    (message) => message.state === "SCHEDULED" && barrier(life, message) === undefined,
  );
  const others = left.filter((message) => !needsIsolation(message));
  const handed = handOut.handed.filter((message) => !needsIsolation(message));
  const wrong = handed.flatMap((message) =>
    others
      .filter((other) => goBefore(other, message, life.wasLimited))
      .map((other) => `${message.id} was handed out before ${other.id}, due earlier`),
  );
  if (life.wasLimited) return wrong;
  return [
    ...wrong,
    ...passedOver(handed, others, handOut.before),
    ...staying(left, others, handOut.rooms),
  ];
}

/** Of what waits in one row: the due time decides. */
function goBefore(a: Message, b: Message, byKeyQueue: boolean): boolean {
  const isOneKeyQueue = a.key === b.key && a.budgeted === b.budgeted;
  return a.priority === b.priority && a.dueAtMs < b.dueAtMs && (!byKeyQueue || isOneKeyQueue);
}

/** The larger priority goes first, but for what has been due longest. */
function passedOver(handed: readonly Message[], left: readonly Message[], before: number) {
  const firstMs = Math.min(...left.map(({ dueAtMs }) => dueAtMs));
  const exceptions = handed.filter(({ priority }) => left.some((one) => one.priority > priority));
  const turns = handed.filter((_, at) => (before + at) % OLDEST_EACH === OLDEST_EACH - 1);
  const wrong = exceptions
    .filter(({ dueAtMs }) => dueAtMs > firstMs)
    .map(({ id }) => `${id} was handed out before those of a larger priority`);
  return exceptions.length > turns.length
    ? [...wrong, `${exceptions.length} went before those of a larger priority, not ${turns.length}`]
    : wrong;
}

/** Nothing due may stay while there is room for it. */
function staying(left: readonly Message[], others: readonly Message[], rooms: readonly Room[]) {
  const wrong: string[] = [];
  const open = rooms.filter(({ alone, taken, count }) => !alone && taken < count);
  // An empty stream takes an isolated delivery before all else.
  const isIdle = rooms.some(({ alone, canIsolate, count }) => !alone && canIsolate && count > 0);
  if (left.some(needsIsolation) && isIdle)
    wrong.push("a message with isolated delivery was not given to an empty stream");
  // One that fits nowhere holds up those behind it: which one, if several may be next, is open.
  const fits = ({ envelope }: Message) =>
    open.some((room) => envelope.length <= room.bytes || (room.canIsolate && room.taken === 0));
  const next = nextOf(others);
  if (next.length > 0 && next.every(fits)) wrong.push(`${next[0]?.id} stays, and fits`);
  return wrong;
}

/** Due first of all, or of the largest priority. */
function nextOf(others: readonly Message[]): Message[] {
  const firstMs = Math.min(...others.map(({ dueAtMs }) => dueAtMs));
  const most = Math.max(...others.map(({ priority }) => priority));
  const largest = others.filter(({ priority }) => priority === most);
  const firstOfThemMs = Math.min(...largest.map(({ dueAtMs }) => dueAtMs));
  return [
    ...others.filter(({ dueAtMs }) => dueAtMs === firstMs),
    ...largest.filter(({ dueAtMs }) => dueAtMs === firstOfThemMs),
  ];
}
