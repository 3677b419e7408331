import { describe, expect, test } from "vitest";
import {
  allSubjects,
  eventsMissedSubject,
  queueToken,
  subjectOf,
} from "../../src/nats/subjects.ts";
import { ACTION, SAMPLES, sampleEvent } from "../codec/events.ts";

const PREFIXES = { events: "dlq", actionEvents: "action_dlq" };
const subject = (...given: Parameters<typeof sampleEvent>) =>
  subjectOf(sampleEvent(...given), PREFIXES);

describe("subjects", () => {
  test("name the queue and the event", () => {
    expect(subject("retry_failed", { queue: "orders" })).toBe("dlq.orders.retry_failed");
    expect(subject("breaker_opened", { queue: "orders" })).toBe("dlq.orders.breaker_opened");
  });

  test("moved_to_poison is poison", () => {
    expect(subject("moved_to_poison", { queue: "orders" })).toBe("dlq.orders.poison");
  });

  test("events of action executions have a prefix of their own", () => {
    expect(subject("retry_success", { action: ACTION })).toBe("action_dlq.orders.retry_success");
  });

  test("the dots of a queue are escaped, so that a queue is one token", () => {
    expect(subject("moved", { queue: "eu.orders_1-a" })).toBe("dlq.eu%2Eorders_1-a.moved");
    expect(subject("moved", { queue: "..." })).toBe("dlq.%2E%2E%2E.moved");
  });

  test("no two queues have the same token", () => {
    const queues = ["a.b", "a_b", "a-b", "a2Eb", "a..b", "a.b."];
    expect(new Set(queues.map(queueToken)).size).toBe(queues.length);
  });

  test("every type has its own subject", () => {
    expect(new Set(SAMPLES.map((event) => subjectOf(event, PREFIXES))).size).toBe(SAMPLES.length);
  });

  test("notices of gaps have a subject that no event has", () => {
    expect(eventsMissedSubject("eu.orders", PREFIXES)).toBe("dlq.eu%2Eorders.events_missed");
  });

  test("one prefix for both kinds gives one subject of all", () => {
    expect(allSubjects(PREFIXES)).toEqual(["dlq.>", "action_dlq.>"]);
    expect(allSubjects({ events: "dlq", actionEvents: "dlq" })).toEqual(["dlq.>"]);
  });
});
