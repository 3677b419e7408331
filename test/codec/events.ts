// A sample of each type of event.

import { type DlqEvent, EVENT_TYPE_NAMES, type EventType } from "../../src/core/event.ts";

const OF_NO_MESSAGE: DlqEvent = {
  id: "0a1v9u-1c-1796029507250-17",
  type: "queue_paused",
  atMs: Date.UTC(2026, 10, 30, 9, 5, 7, 250),
  queue: "orders",
  messageId: "",
  reason: undefined,
  attempts: 0,
  state: undefined,
  quarantineReason: undefined,
  deliveries: 0,
  dueAtMs: undefined,
  version: 0,
  note: "",
  otherQueue: "",
  breakerKey: "",
  groupId: "",
  sourceId: "",
  attributes: {},
  action: undefined,
};

const OF_MESSAGE: DlqEvent = {
  ...OF_NO_MESSAGE,
  messageId: "0198f1c2-96f2-7e4c-9a41-0d4f6f4f5a10",
  reason: "NETWORK_ERROR",
  attempts: 2,
  state: "SCHEDULED",
  deliveries: 3,
  version: 8,
  sourceId: "order-17",
  attributes: { tenant: "acme" },
};

const quarantined = { state: "QUARANTINED", quarantineReason: "RETRIES_EXHAUSTED" } as const;
const dueAtMs = Date.UTC(2026, 10, 30, 9, 6);

const SPECIAL: Partial<Record<EventType, Partial<DlqEvent>>> = {
  message_added: { attempts: 0, deliveries: 0, dueAtMs },
  retry_scheduled: { dueAtMs },
  retry_success: { state: "SUCCEEDED" },
  retry_failed: { dueAtMs, state: "SCHEDULED", note: "rule bank-down" },
  moved_to_poison: quarantined,
  expired: { state: "EXPIRED" },
  discarded: { state: "DISCARDED", note: "no longer wanted" },
  purged: { state: "PURGED" },
  moved: { otherQueue: "orders.eu" },
  moved_away: { otherQueue: "orders.eu" },
  retried: { dueAtMs },
  undeleted: { dueAtMs },
  breaker_opened: { breakerKey: "bank", dueAtMs },
  breaker_half_opened: { breakerKey: "bank" },
  group_opened: { groupId: "01f3a8c2d4e5f607" },
  group_regressed: { groupId: "01f3a8c2d4e5f607" },
  delivered: { state: "IN_FLIGHT" },
};

/** The action of a message. */
export const ACTION: DlqEvent["action"] = {
  actionTypeId: "send-invoice",
  objectIds: ["invoice-1", "invoice-2"],
  executedBy: "anna",
  omittedObjects: 3,
};

export function sampleEvent(type: EventType, more: Partial<DlqEvent> = {}): DlqEvent {
  const base = /^(?:breaker|queue)_/.test(type) ? OF_NO_MESSAGE : OF_MESSAGE;
  return { ...base, type, ...SPECIAL[type], ...more };
}

export const SAMPLES: readonly DlqEvent[] = EVENT_TYPE_NAMES.map((type) => sampleEvent(type));
