import { describe, expect, it } from "vitest";
import { GUARDED_QUEUE, HOLD_MS } from "../history/guarded-facts.ts";
import { Story } from "./story.ts";

/** Two messages of one ordering key, sent one after the other. */
const pair = () => new Story(GUARDED_QUEUE).send("a.h1.o1").send("b.h1.o1", { at: 5 });
const done = (story: Story, token: string, at: number) => story.ack(token, "succeeded", { at });

describe("messages of one ordering key", () => {
  it("are delivered one after the other, in the order of their sends", () => {
    const story = done(pair().deliver("a.h1.o1", { at: 10 }), "a.h1.o1-1", 20);
    expect(done(story.deliver("b.h1.o1", { at: 30 }), "b.h1.o1-1", 40).broken()).toEqual([]);
  });

  it("are not delivered after a later one", () => {
    const story = done(pair().deliver("b.h1.o1", { at: 10 }), "b.h1.o1-1", 20);
    expect(done(story.deliver("a.h1.o1", { at: 30 }), "a.h1.o1-1", 40).broken()).toEqual([
      "in-order",
    ]);
  });

  it("are not delivered during the lease of another one", () => {
    const beside = done(pair().deliver("a.h1.o1", { at: 10 }), "a.h1.o1-1", 60);
    expect(done(beside.deliver("b.h1.o1", { at: 30 }), "b.h1.o1-1", 40).broken()).toEqual([
      "one-of-a-key",
    ]);
    const silent = pair().deliver("a.h1.o1", { at: 10 }).deliver("b.h1.o1", { at: 1_000 });
    done(silent, "b.h1.o1-1", 1_010).deliver("a.h1.o1", { at: 2_010, number: 2, unknown: true });
    expect(done(silent, "a.h1.o1-2", 2_020).broken()).toEqual(["one-of-a-key", "in-order"]);
  });

  it("may follow one with an unanswered outcome", () => {
    const story = pair().deliver("a.h1.o1", { at: 10 });
    story.ack("a.h1.o1-1", "succeeded", { at: 20, answer: "none" });
    expect(done(story.deliver("b.h1.o1", { at: 30 }), "b.h1.o1-1", 40).broken()).toEqual([]);
  });

  it("wait behind a quarantined one", () => {
    const brokenAfter = (ms: number) => {
      const story = pair().deliver("a.h1.o1", { at: 10 });
      story.ack("a.h1.o1-1", "failed", { at: 20, state: "QUARANTINED", nonRetryable: true });
      story.keep("a.h1.o1", { attempts: 1, quarantineReason: "NON_RETRYABLE" });
      return done(story.deliver("b.h1.o1", { at: 20 + ms }), "b.h1.o1-1", 30 + ms).broken();
    };
    expect(brokenAfter(HOLD_MS / 2)).toContain("order-held");
    expect(brokenAfter(HOLD_MS + 5)).not.toContain("order-held");
  });

  it("do not wait for other keys, nor in queues without order", () => {
    const others = new Story(GUARDED_QUEUE).send("a.h1.o1").send("b.h1.o2", { at: 5 });
    const plain = new Story().send("a.h1.o1").send("b.h1.o1", { at: 5 });
    for (const [story, later] of [
      [others, "b.h1.o2"],
      [plain, "b.h1.o1"],
    ] as const) {
      story.deliver(later, { at: 10 }).deliver("a.h1.o1", { at: 20 });
      done(done(story, `${later}-1`, 30), "a.h1.o1-1", 40);
      expect(story.broken()).toEqual([]);
    }
  });
});

describe("a failure", () => {
  const failed = (dueAt: number) =>
    new Story(GUARDED_QUEUE)
      .send("a.h1", { plan: "fail1" })
      .deliver("a.h1", { at: 10 })
      .ack("a.h1-1", "failed", { at: 100, dueAt });

  it("is exempt if its lease began before the breaker of its host opened", () => {
    const exempt = failed(102).opened("h1", 50);
    done(exempt.deliver("a.h1", { at: 110, number: 2 }), "a.h1-2", 120);
    exempt.counted = { failedAttempts: 0, released: 1 };
    expect(exempt.broken()).toEqual([]);
  });

  it("must not count then, but must count for another host or a later lease", () => {
    const counted = (key: string, openedAt: number) => {
      const story = failed(300).opened(key, openedAt);
      return done(
        story.deliver("a.h1", { at: 310, number: 2, attempt: 2 }),
        "a.h1-2",
        320,
      ).broken();
    };
    expect(counted("h1", 50)).toEqual(["exempt-not-counted"]);
    expect(counted("h2", 50)).toEqual([]);
    expect(counted("h1", 5)).toEqual([]);
  });

  it("counts or not by its due time, and attempts and counters must agree", () => {
    const story = failed(102).deliver("a.h1", { at: 110, number: 2, attempt: 2 });
    expect(done(story, "a.h1-2", 120).broken()).toContain("attempts");
  });
});

it("a breaker that is open at the end breaks a rule", () => {
  const story = new Story(GUARDED_QUEUE);
  story.counted = { openBreakers: 1 };
  expect(story.broken()).toEqual(["breakers-close"]);
});
