import { type HistoryEvent, type OutcomeKind, PLANS } from "./event.ts";

type Fields<T> = {
  readonly [K in Exclude<keyof T, "e">]: T[K] extends number
    ? "number"
    : T[K] extends boolean
      ? "boolean"
      : T[K] extends string
        ? "string"
        : "array";
};

const FIELDS: { readonly [E in HistoryEvent["e"]]: Fields<Extract<HistoryEvent, { e: E }>> } = {
  started: { at: "number", actor: "string", role: "string", language: "string" },
  sending: {
    at: "number",
    request: "string",
    source: "string",
    queue: "string",
    sum: "string",
    edited: "string",
    plan: "string",
  },
  sent: { at: "number", request: "string", id: "string", state: "string", dueAt: "number" },
  unsent: { at: "number", request: "string", code: "string", refused: "boolean" },
  opened: {
    at: "number",
    stream: "string",
    session: "string",
    leaseMs: "number",
    leasesHeld: "number",
  },
  closed: { at: "number", stream: "string", why: "string" },
  delivered: {
    at: "number",
    stream: "string",
    queue: "string",
    id: "string",
    source: "string",
    sum: "string",
    plan: "string",
    token: "string",
    number: "number",
    attempt: "number",
    unknown: "boolean",
    expires: "number",
  },
  acking: { at: "number", request: "string", outcomes: "array" },
  acked: { at: "number", request: "string", results: "array" },
  unacked: { at: "number", request: "string", code: "string", refused: "boolean" },
  extending: { at: "number", request: "string", tokens: "array" },
  extended: { at: "number", request: "string", leases: "array" },
  unextended: { at: "number", request: "string", code: "string" },
  creating: { at: "number", request: "string", action: "string", mark: "string" },
  created: { at: "number", request: "string", job: "string", createdAt: "number" },
  uncreated: { at: "number", request: "string", code: "string", refused: "boolean" },
  "job-seen": {
    at: "number",
    request: "string",
    state: "string",
    selected: "number",
    passed: "number",
    done: "number",
    refused: "number",
    left: "number",
  },
  ended: { at: "number" },
};

const FIELDS_BY_EVENT = new Map(
  Object.entries(FIELDS).map(([event, fields]) => [event, Object.entries<string>(fields)]),
);

export const OUTCOME_KINDS = {
  succeeded: 1,
  failed: 2,
  released: 4,
  quarantined: 8,
  discarded: 16,
} as const satisfies Record<OutcomeKind, number>;

/** Returns the value as an event. @throws Error if a field is missing or has another type */
export function asEvent(value: unknown): HistoryEvent {
  if (typeof value !== "object" || value === null) throw new Error("is not an object");
  const event = value as Readonly<Record<string, unknown>>;
  const fields = FIELDS_BY_EVENT.get(event.e as string);
  if (fields === undefined) throw new Error(`unknown event ${JSON.stringify(event.e)}`);
  for (const [name, type] of fields) {
    const field = event[name];
    const isRight = type === "array" ? Array.isArray(field) : typeof field === type;
    if (!isRight)
      throw new Error(`${event.e}.${name} is not a${type === "array" ? "n" : ""} ${type}`);
  }
  if (typeof event.plan === "string" && !Object.hasOwn(PLANS, event.plan)) {
    throw new Error(`unknown plan ${event.plan}`);
  }
  return value as HistoryEvent;
}
