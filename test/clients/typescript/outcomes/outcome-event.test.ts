// What an event says about its message.

import { expect, it, vi } from "vitest";
import { acceptedAtMs, isGone } from "../../../../clients/typescript/src/outcomes/outcome-event.ts";
import { EventType } from "../../../../gen/dlq/v1/event_pb.ts";
import { MessageState, MessageStateSchema } from "../../../../gen/dlq/v1/state_pb.ts";
import { eventOf } from "./event-server.ts";

const UNKNOWN = 99 as MessageState;
const STATES = [...MessageStateSchema.values.map(({ number }) => number as MessageState), UNKNOWN];

it("a message is gone after a success and an expiry, unless it has a state of a stored one", () => {
  const { SCHEDULED, IN_FLIGHT, QUARANTINED } = MessageState;
  for (const type of [EventType.RETRY_SUCCESS, EventType.EXPIRED]) {
    const stored = STATES.filter((state) => !isGone(eventOf(type, "a", { state })));
    expect(stored).toEqual([SCHEDULED, IN_FLIGHT, QUARANTINED]);
  }
});

it("a message is gone after it was discarded or purged, and after no other event", () => {
  const { DISCARDED, PURGED, RETRY_FAILED, MOVED_TO_POISON, MOVED_AWAY } = EventType;
  const types = [DISCARDED, PURGED, RETRY_FAILED, MOVED_TO_POISON, MOVED_AWAY];
  for (const state of STATES) {
    const gone = types.filter((type) => isGone(eventOf(type, "a", { state })));
    expect(gone).toEqual([DISCARDED, PURGED]);
  }
});

it("a UUIDv7 says when its message was accepted; with another id it is now", () => {
  vi.useFakeTimers({ now: 7_000, toFake: ["Date"] });
  const times = [
    "0000000f-4240-7000-8000-000000000000",
    "0000000f-4240-7000-BFFF-000000000000",
    "0000000f-4240-4000-8000-000000000000", // another version
    "0000000f-4240-7000-7000-000000000000", // another variant
    "0000000f-4240-7000-8000-00000000000",
    "0000000f-4240-7000-8000-00000000000g",
    "0000000f424070008000000000000000",
    "message-7",
  ].map(acceptedAtMs);
  vi.useRealTimers();
  expect(times).toEqual([1_000_000, 1_000_000, ...Array(6).fill(7_000)]);
});
