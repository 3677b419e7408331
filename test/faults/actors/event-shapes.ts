// Checks each line of a history against the types in test/faults/history/event.ts.

import type { Acked, Acking, Extended, HistoryEvent } from "../history/event.ts";
import { PLANS } from "../history/event.ts";

type Is = (value: unknown) => boolean;
type Keys<T> = { readonly [K in Exclude<keyof T, "e" | "at">]-?: Is };
type Shapes = { readonly [E in HistoryEvent["e"]]: Keys<Extract<HistoryEvent, { e: E }>> };

const text: Is = (value) => typeof value === "string" && value !== "";
const number: Is = (value) => typeof value === "number" && Number.isFinite(value);
const atMs: Is = (value) => number(value) && (value as number) > Date.UTC(2020);
const flag: Is = (value) => typeof value === "boolean";
const hex16: Is = (value) => typeof value === "string" && /^[0-9a-f]{16}$/.test(value);
const plan: Is = (value) => typeof value === "string" && value in PLANS;
const one =
  (...words: string[]): Is =>
  (value) =>
    words.includes(String(value));
const many =
  (is: Is): Is =>
  (value) =>
    Array.isArray(value) && value.every(is);
const maybe =
  (is: Is): Is =>
  (value) =>
    value === undefined || is(value);
const object =
  (keys: Readonly<Record<string, Is>>): Is =>
  (value) =>
    complaintsOf(value, keys).length === 0;

const outcome: Keys<Acking["outcomes"][number]> = {
  token: text,
  outcome: one("succeeded", "failed", "released", "quarantined", "discarded"),
  nonRetryable: maybe(flag),
};
const result: Keys<Acked["results"][number]> = {
  status: one("APPLIED", "LEASE_LOST", "NOT_FOUND", "INVALID", "INTERNAL"),
  state: maybe(one("SCHEDULED", "IN_FLIGHT", "QUARANTINED")),
  dueAt: maybe(atMs),
};
const lease: Keys<Extended["leases"][number]> = { token: text, expires: atMs };

const SHAPES: Shapes = {
  started: { actor: text, role: one("producer", "worker"), language: text },
  sending: { request: text, source: text, queue: text, sum: hex16, edited: hex16, plan },
  sent: { request: text, id: text, state: one("SCHEDULED", "QUARANTINED"), dueAt: number },
  unsent: { request: text, code: text, refused: flag },
  opened: { stream: text, session: text, leaseMs: number, leasesHeld: number },
  closed: { stream: text, why: text },
  delivered: {
    stream: text,
    queue: text,
    id: text,
    source: text,
    sum: hex16,
    plan,
    token: text,
    number,
    attempt: number,
    unknown: flag,
    expires: atMs,
  },
  acking: { request: text, outcomes: many(object(outcome)) },
  acked: { request: text, results: many(object(result)) },
  unacked: { request: text, code: text, refused: flag },
  extending: { request: text, tokens: many(text) },
  extended: { request: text, leases: many(object(lease)) },
  unextended: { request: text, code: text },
  creating: {
    request: text,
    action: one("retry", "edit", "quarantine", "discard", "purge", "move", "undelete"),
    mark: text,
  },
  created: { request: text, job: text, createdAt: atMs },
  uncreated: { request: text, code: text, refused: flag },
  "job-seen": {
    request: text,
    state: text,
    ...{ selected: number, passed: number, done: number, refused: number, left: number },
  },
  ended: {},
};

/** @throws Error with the wrong fields of the line */
export function parseEvent(line: string): HistoryEvent {
  const event = JSON.parse(line) as HistoryEvent;
  const keys: Readonly<Record<string, Is>> | undefined = SHAPES[event.e];
  if (keys === undefined) throw new Error(`unknown event: ${line}`);
  const wrong = complaintsOf(event, { e: text, at: atMs, ...keys });
  if (wrong.length > 0) throw new Error(`wrong ${wrong.join(", ")} in ${line}`);
  return event;
}

/** Returns the keys that are missing, unknown or of a wrong type. */
function complaintsOf(value: unknown, keys: Readonly<Record<string, Is>>): string[] {
  if (typeof value !== "object" || value === null) return ["type"];
  const entries = new Map<string, unknown>(Object.entries(value));
  const wrong = Object.entries(keys).filter(([key, is]) => !is(entries.get(key)));
  const unknown = [...entries.keys()].filter((key) => !(key in keys));
  return [...wrong.map(([key]) => key), ...unknown];
}
