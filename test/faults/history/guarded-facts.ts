// What a message says beside its payload, by its number at its producer: the host that it goes to, by
// which one queue limits and breaks, its ordering key, its priority. Host and ordering key are also at the
// end of its source: `ts-producer-1-17.h1.o451`, so that histories tell them.

/** The queue with limits, breakers, a retry budget and order; the others have none. */
export const GUARDED_QUEUE = "payments";
/** How its keys wait behind a quarantined message, as rig/guarded.yaml says. */
export const HOLD_MS = 1_000;

const HOSTS = 8;
/** Of those that have one: few messages at a time, so that keys are no bottleneck. */
const ORDER_EVERY = 3;
const ORDERS = 150;

export interface GuardedFacts {
  readonly host: string;
  readonly order: string | undefined;
  readonly priority: number;
}

/** As python/messages.py has it. @param number from 1 */
export function guardedFacts(number: number): GuardedFacts {
  const order = number % ORDER_EVERY === 0 ? `o${number % (ORDER_EVERY * ORDERS)}` : undefined;
  const priority = number % 10 === 0 ? 5 : number % 10 === 1 ? -5 : 0;
  return { host: `h${number % HOSTS}`, order, priority };
}

/** Undefined: none, as of baseline. */
export function hostOf(source: string): string | undefined {
  return /\.(h\d+)(?:\.o\d+)?$/.exec(source)?.[1];
}

export function orderOf(source: string): string | undefined {
  return /\.(o\d+)$/.exec(source)?.[1];
}
