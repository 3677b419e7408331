// What routing rules do to a message of the load, by its number at its producer. The route is also in its
// source, before its host: `ts-producer-1-17.moved.h1.o451`, so that rules and histories tell it alike.

import { GUARDED_QUEUE } from "./guarded-facts.ts";

/** The queue of the load that nobody sends to: rules take messages there. It edits what fails in it. */
export const DIVERTED_QUEUE = "diverted";
/** Queues whose messages have routes. */
const ROUTED_QUEUES: readonly string[] = ["orders", GUARDED_QUEUE];

export const ROUTES = {
  /** Dropped when it arrives. */
  drop: "is dropped",
  /** Stored in the queue of diverted messages when it arrives. */
  divert: "arrives elsewhere",
  /** Moves there when it has failed. */
  moved: "moves to the diverted queue",
  /** Moves to the other queue of the load each time that it has failed: there and back. */
  swap: "moves to the other queue",
  /** To quarantine when it has failed. */
  rule: "is quarantined by a rule",
} as const;

export type Route = keyof typeof ROUTES;

/** Of every 50 messages, so many have each route. */
const ROUTE_EVERY = 50;
const ROUTE_FROM: readonly (readonly [Route, number, number])[] = [
  ["drop", 7, 8],
  ["divert", 13, 15],
  ["moved", 20, 28],
  ["swap", 30, 38],
  ["rule", 40, 42],
];

/** As python/messages.py has it. @param number from 1 */
export function routeAt(number: number): Route | undefined {
  const place = number % ROUTE_EVERY;
  return ROUTE_FROM.find(([, from, to]) => from <= place && place < to)?.[0];
}

/** @param queue that it was sent to: the rules leave other queues alone */
export function routeOf(source: string, queue: string): Route | undefined {
  const route = /\.([a-z]+)\.h\d+(?:\.o\d+)?$/.exec(source)?.[1];
  if (route === undefined || !ROUTED_QUEUES.includes(queue)) return undefined;
  return Object.hasOwn(ROUTES, route) ? (route as Route) : undefined;
}

/** Where it is when it was sent to this queue. */
export function firstQueue(route: Route | undefined, queue: string): string {
  return route === "divert" ? DIVERTED_QUEUE : queue;
}

/** Where it is when it has failed in this queue, and that was counted. */
export function queueAfterFailure(route: Route | undefined, queue: string): string {
  if (route === "moved") return DIVERTED_QUEUE;
  if (route === "swap") return queue === GUARDED_QUEUE ? "orders" : GUARDED_QUEUE;
  return queue;
}
