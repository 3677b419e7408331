// The host, ordering key and priority of a message, by its number at its producer. One queue has limits and breakers by
// host. The source ends with host and ordering key, `ts-producer-1-17.h1.o451`, so the histories have them too.

/** The queue with limits, breakers, a retry budget and order; the others have none. */
export const GUARDED_QUEUE = "payments";
/** How long a key waits behind a quarantined message, as in rig/guarded.yaml. */
export const HOLD_MS = 1_000;

const HOSTS = 8;
/** Every third message has an ordering key. There are many keys, so that they are no bottleneck. */
const ORDER_EVERY = 3;
const ORDERS = 150;

export interface GuardedFacts {
  readonly host: string;
  readonly order: string | undefined;
  readonly priority: number;
}

/** The actors in other languages have the same rules. @param number from 1 */
export function guardedFacts(number: number): GuardedFacts {
  const order = number % ORDER_EVERY === 0 ? `o${number % (ORDER_EVERY * ORDERS)}` : undefined;
  const priority = number % 10 === 0 ? 5 : number % 10 === 1 ? -5 : 0;
  return { host: `h${number % HOSTS}`, order, priority };
}

/** Undefined for none, as for baseline messages. */
export function hostOf(source: string): string | undefined {
  return /\.(h\d+)(?:\.o\d+)?$/.exec(source)?.[1];
}

export function orderOf(source: string): string | undefined {
  return /\.(o\d+)$/.exec(source)?.[1];
}
