import { describe, expect, it } from "vitest";
import { GUARDED_QUEUE } from "../history/guarded-facts.ts";
import { DIVERTED_QUEUE } from "../history/routes.ts";
import { Story } from "./story.ts";

const ORDERS = "orders";
/** Returns the broken rules, without counters-agree: a story counts only one queue. */
const broken = (story: Story) => story.broken().filter((rule) => rule !== "counters-agree");
const inQueue = (queue: string, sum?: string) => ({
  over: { queue, ...(sum === undefined ? {} : { sum }) },
});
const failed = { at: 20, dueAt: 200 };

describe("a message that a rule moves after a failure", () => {
  const sent = (name = "m.moved.h1") =>
    new Story(ORDERS).send(name, { plan: "fail1" }).deliver(name, { at: 10 });
  const again = { at: 210, number: 2, attempt: 2 };

  it("is delivered in the new queue only, with its attempts", () => {
    const moved = (queue: string, over = {}) =>
      broken(
        sent()
          .ack("m.moved.h1-1", "failed", failed)
          .deliver("m.moved.h1", { ...again, ...over, ...inQueue(queue) })
          .ack("m.moved.h1-2", "succeeded", { at: 220 }),
      );
    expect(moved(DIVERTED_QUEUE)).toEqual([]);
    expect(moved(ORDERS)).toEqual(["in-place"]);
    expect(moved(DIVERTED_QUEUE, { attempt: 1 })).toEqual(["attempts"]);
  });

  it("may be in either queue if the failure has no answer", () => {
    for (const queue of [ORDERS, DIVERTED_QUEUE]) {
      const story = sent()
        .ack("m.moved.h1-1", "failed", { at: 20, answer: "none" })
        .deliver("m.moved.h1", { ...again, ...inQueue(queue) })
        .ack("m.moved.h1-2", "succeeded", { at: 220 });
      expect(broken(story), queue).toEqual([]);
    }
  });

  it("stays after a release or an expired lease", () => {
    const released = sent().ack("m.moved.h1-1", "released", { at: 20 });
    for (const [story, unknown] of [
      [released, false],
      [sent(), true],
    ] as const) {
      const next = { at: 2_100, number: 2, unknown, ...inQueue(DIVERTED_QUEUE) };
      story.deliver("m.moved.h1", next).ack("m.moved.h1-2", "succeeded", { at: 2_120 });
      expect(broken(story)).toEqual(["in-place"]);
    }
  });

  it("is never delivered in both queues at once", () => {
    const story = sent()
      .deliver("m.moved.h1", { at: 30, number: 2, ...inQueue(DIVERTED_QUEUE) })
      .ack("m.moved.h1-1", "succeeded", { at: 900, answer: "LEASE_LOST" })
      .ack("m.moved.h1-2", "succeeded", { at: 40 });
    expect(broken(story)).toContain("duplicate-explained");
  });

  it("is stored in the new queue", () => {
    const kept = (queue: string) => {
      const story = sent().ack("m.moved.h1-1", "failed", { at: 20, state: "QUARANTINED" });
      const reason = { attempts: 3, quarantineReason: "RETRIES_EXHAUSTED" };
      return broken(story.keep("m.moved.h1", { ...reason, queue }));
    };
    expect(kept(DIVERTED_QUEUE)).not.toContain("in-place");
    expect(kept(ORDERS)).toContain("in-place");
  });

  it("is NOT_FOUND in its old queue only", () => {
    const asked = (by: string) => {
      const story = sent()
        .ack("m.moved.h1-1", "failed", failed)
        .deliver("m.moved.h1", { ...again, ...inQueue(DIVERTED_QUEUE) })
        .ack(by, "released", { at: 2_230, by: "odd-worker", answer: "NOT_FOUND" });
      const next = { at: 2_300, number: 3, attempt: 2, unknown: true, ...inQueue(DIVERTED_QUEUE) };
      return broken(
        story.deliver("m.moved.h1", next).ack("m.moved.h1-3", "succeeded", { at: 2_310 }),
      );
    };
    expect(asked("m.moved.h1-1")).toEqual([]);
    expect(asked("m.moved.h1-2")).toContain("stays-ended");
  });

  it("stays after an exempt failure", () => {
    const name = "m.moved.h1";
    const exempt = (queue: string) => {
      const story = new Story(GUARDED_QUEUE)
        .send(name, { plan: "fail1" })
        .deliver(name, { at: 10 });
      story.opened("h1", 15).ack(`${name}-1`, "failed", { at: 20, dueAt: 22 });
      story.deliver(name, { at: 30, number: 2, ...inQueue(queue) });
      return broken(story.ack(`${name}-2`, "succeeded", { at: 40 }));
    };
    expect(exempt(GUARDED_QUEUE)).toEqual([]);
    expect(exempt(DIVERTED_QUEUE)).toEqual(["in-place"]);
  });

  it("is moved only from the queues of the load", () => {
    const name = "m.moved.h1";
    const story = new Story("quiet").send(name, { plan: "fail1" }).deliver(name, { at: 10 });
    story.ack(`${name}-1`, "failed", failed).deliver(name, again);
    expect(broken(story.ack(`${name}-2`, "succeeded", { at: 220 }))).toEqual([]);
  });
});

describe("a message that a rule drops", () => {
  const answered = (name: string, state: string, id: string) =>
    new Story(ORDERS)
      .send(name, { answer: "none" })
      .write("producer", { e: "sent", at: 5, request: `send-${name}`, id, state, dueAt: 0 });

  it("is answered as dropped and not stored", () => {
    expect(broken(answered("m.drop.h1", "DISCARDED", ""))).toEqual([]);
    const there = answered("m.drop.h1", "DISCARDED", "").deliver("m.drop.h1", { at: 10 });
    expect(broken(there.ack("m.drop.h1-1", "succeeded", { at: 20 }))).toEqual(["dropped"]);
  });

  it("needs such a rule", () => {
    expect(broken(answered("m.h1", "DISCARDED", ""))).toEqual(["dropped"]);
  });
});

describe("an ordering key", () => {
  const name = (first: string) => `${first}.h1.o1`;

  it("may order a message from another queue anywhere, whatever its id", () => {
    const [moved, other] = [name("a.swap"), name("b")];
    const story = new Story(GUARDED_QUEUE).send(moved, { plan: "fail2" }).send(other, { at: 5 });
    story.deliver(moved, { at: 10 }).ack(`${moved}-1`, "failed", failed);
    story.deliver(other, { at: 100 }).ack(`${other}-1`, "succeeded", { at: 110 });
    story.deliver(moved, { at: 210, number: 2, attempt: 2, ...inQueue(ORDERS) });
    story.ack(`${moved}-2`, "failed", { at: 220, dueAt: 400 });
    story.deliver(moved, { at: 410, number: 3, attempt: 3 });
    expect(broken(story.ack(`${moved}-3`, "succeeded", { at: 420 }))).toEqual([]);
  });

  it("does not wait behind a message that a rule moved", () => {
    const held = (route: string) => {
      const [first, next] = [name(`a${route}`), name("b")];
      const story = new Story(GUARDED_QUEUE).send(first, { plan: "bad" }).send(next, { at: 5 });
      story.deliver(first, { at: 10 });
      story.ack(`${first}-1`, "failed", { at: 20, state: "QUARANTINED", nonRetryable: true });
      story.deliver(next, { at: 30 }).ack(`${next}-1`, "succeeded", { at: 40 });
      const queue = route === "" ? GUARDED_QUEUE : DIVERTED_QUEUE;
      return broken(story.keep(first, { queue, attempts: 1, quarantineReason: "NON_RETRYABLE" }));
    };
    expect(held("")).toEqual(["order-held"]);
    expect(held(".moved")).toEqual([]);
  });
});
