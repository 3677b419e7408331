// How long a message is followed, and its queue watched.

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { EventType } from "../../../../gen/dlq/v1/event_pb.ts";
import { MessageState } from "../../../../gen/dlq/v1/state_pb.ts";
import { until } from "../client.ts";
import { eventOf, watchesOf } from "./event-server.ts";

const { RETRY_FAILED, RETRY_SUCCESS, MOVED_TO_POISON, MOVED_AWAY } = EventType;
const DONE = { state: MessageState.SUCCEEDED };

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

it.each([
  ["the success", eventOf(RETRY_SUCCESS, "a", DONE)],
  ["the discard", eventOf(EventType.DISCARDED, "a", { state: MessageState.DISCARDED })],
  ["the purge", eventOf(EventType.PURGED, "a", { state: MessageState.PURGED })],
  ["the expiry", eventOf(EventType.EXPIRED, "a", { state: MessageState.EXPIRED })],
])(
  "a watch ends 60 s after %s of its last message; the next message opens another one",
  async (_, event) => {
    const { follow, opened, got } = watchesOf();
    follow("a");
    follow("marker");
    const call = await opened();
    call.give({ events: [event, eventOf(RETRY_SUCCESS, "marker", DONE)] });
    await until(() => got.includes("succeeded marker"), "the last event");
    await vi.advanceTimersByTimeAsync(59_000);
    expect(call.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1_001);
    expect(call.signal.aborted).toBe(true);
    follow("b");
    (await opened("q", 2)).give({ events: [eventOf(RETRY_FAILED, "b")] });
    await until(() => got.at(-1) === "failed b", "the event of b");
  },
);

it.each([
  ["succeeded, but a failure has joined it", eventOf(RETRY_SUCCESS, "a")],
  ["expired into quarantine", eventOf(EventType.EXPIRED, "a", { state: MessageState.QUARANTINED })],
  ["was quarantined", eventOf(MOVED_TO_POISON, "a", { state: MessageState.QUARANTINED })],
])("a message is followed if it %s", async (_, event) => {
  const { follow, opened, got } = watchesOf();
  follow("a");
  const call = await opened();
  call.give({ events: [event] });
  await vi.advanceTimersByTimeAsync(120_000);
  call.give({ events: [eventOf(RETRY_FAILED, "a")] });
  await until(() => got.at(-1) === "failed a", "the next event");
});

it("a moved message is followed in its new queue, from the time of the move", async () => {
  const { follow, opened, got } = watchesOf();
  follow("a");
  const time = timestampFromMs(10_000);
  (await opened()).give({ events: [eventOf(MOVED_AWAY, "a", { otherQueue: "r", time })] });
  const moved = await opened("r");
  expect(moved.request.startTime).toMatchObject({ seconds: 9n });
  moved.give({ events: [eventOf(RETRY_FAILED, "a", { queue: "r" })] });
  await until(() => got.length === 1, "the event in the new queue");
});

it("events in the new queue of a moved message come also if they were there before it left the old one", async () => {
  const { follow, opened, got } = watchesOf();
  follow("a");
  follow("b", "r");
  const other = await opened("r");
  other.give({ events: [eventOf(RETRY_FAILED, "a"), eventOf(RETRY_FAILED, "b")] });
  await until(() => got.length === 1, "the event of b");
  (await opened()).give({ events: [eventOf(MOVED_AWAY, "a", { otherQueue: "r" })] });
  await until(() => got.length === 2, "the event of a");
  expect(got).toEqual(["failed b", "failed a"]);
});
