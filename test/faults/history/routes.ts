// What routing rules do to a message of the load, by its number at its producer. The source has the route before the
// host, `ts-producer-1-17.moved.h1.o451`, so that rules and checker can read it.

import { GUARDED_QUEUE } from "./guarded-facts.ts";

/** Receives messages only by routing rules, and edits messages that fail in it. */
export const DIVERTED_QUEUE = "diverted";
/** Queues whose messages have routes. */
const ROUTED_QUEUES: readonly string[] = ["orders", GUARDED_QUEUE];

export const ROUTES = {
  /** Dropped on arrival. */
  drop: "is dropped",
  /** Stored in the diverted queue on arrival. */
  divert: "is stored in the diverted queue",
  /** Moves to the diverted queue after a failure. */
  moved: "moves to the diverted queue",
  /** Moves to the other queue of the load after each failure, and back. */
  swap: "moves to the other queue",
  /** Quarantined after a failure. */
  rule: "is quarantined by a rule",
} as const;

export type Route = keyof typeof ROUTES;

/** The numbers within every 50 messages that have each route. */
const ROUTE_EVERY = 50;
const ROUTE_FROM: readonly (readonly [Route, number, number])[] = [
  ["drop", 7, 8],
  ["divert", 13, 15],
  ["moved", 20, 28],
  ["swap", 30, 38],
  ["rule", 40, 42],
];

/** The actors in other languages have the same rules. @param number from 1 */
export function routeAt(number: number): Route | undefined {
  const place = number % ROUTE_EVERY;
  return ROUTE_FROM.find(([, from, to]) => from <= place && place < to)?.[0];
}

/** @param queue of the send: other queues have no routes */
export function routeOf(source: string, queue: string): Route | undefined {
  const route = /\.([a-z]+)\.h\d+(?:\.o\d+)?$/.exec(source)?.[1];
  if (route === undefined || !ROUTED_QUEUES.includes(queue)) return undefined;
  return Object.hasOwn(ROUTES, route) ? (route as Route) : undefined;
}

/** The queue of a message after its send to `queue`. */
export function firstQueue(route: Route | undefined, queue: string): string {
  return route === "divert" ? DIVERTED_QUEUE : queue;
}

/** The queue of a message after a counted failure in `queue`. */
export function queueAfterFailure(route: Route | undefined, queue: string): string {
  if (route === "moved") return DIVERTED_QUEUE;
  if (route === "swap") return queue === GUARDED_QUEUE ? "orders" : GUARDED_QUEUE;
  return queue;
}
