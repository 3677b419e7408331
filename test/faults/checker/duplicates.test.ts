import { describe, expect, it } from "vitest";
import type { OutcomeKind } from "../history/event.ts";
import { Story } from "./story.ts";

type Outcome = Parameters<Story["ack"]>[2];

/** A delivery under a live lease, of which the store says that it was over. */
const TOO_EARLY = ["duplicate-explained", "counters-agree"];

/** One message that was sent, to go on from. */
const sent = (plan?: Parameters<Story["send"]>[1]) => new Story().send("m", plan);

describe("duplicates", () => {
  const again = (at: number, story = sent()) =>
    story
      .deliver("m", { at: 10 })
      .deliver("m", { at, number: 2, unknown: true })
      .ack("m-2", "succeeded", { at: at + 10 });

  it("come when a lease has ended, and not a millisecond before", () => {
    const story = again(2_010);
    expect(story.broken()).toEqual([]);
    expect(story.report().counts.duplicates).toEqual({ expired: 1, unanswered: 0 });
    expect(again(2_009).broken()).toEqual(TOO_EARLY);
  });

  it("come when an extended lease has ended", () => {
    expect(again(3_500, sent().extend("m-1", 1_500, 3_500)).broken()).toEqual([]);
    expect(again(3_400, sent().extend("m-1", 1_500, 3_500)).broken()).toEqual(TOO_EARLY);
    // Nobody knows whether it was extended.
    expect(again(2_010, sent().extend("m-1", 1_500, undefined)).broken()).toEqual([]);
  });

  it("come when an outcome got no answer, if it was sent before", () => {
    const unanswered = (at: number, answer: "none" | "refused") =>
      sent()
        .deliver("m", { at: 10 })
        .ack("m-1", "failed", { at, answer })
        .deliver("m", { at: 200, number: 2, attempt: answer === "none" ? 2 : 1 })
        .ack("m-2", "succeeded", { at: 210 });
    const story = unanswered(100, "none");
    expect(story.broken()).toEqual([]);
    expect(story.report().counts.duplicates).toEqual({ expired: 0, unanswered: 1 });
    expect(unanswered(100, "refused").broken()).toContain("duplicate-explained");
    expect(unanswered(300, "none").broken()).toContain("duplicate-explained");
  });

  it("come after an outcome without an answer only where it lets the message come again", () => {
    const unanswered = (outcome: OutcomeKind, at: number, over: Partial<Outcome> = {}) =>
      sent({ plan: "bad" })
        .deliver("m", { at: 10 })
        .ack("m-1", outcome, { at: 20, answer: "none", ...over })
        .deliver("m", { at, number: 2 })
        .ack("m-2", "succeeded", { at: at + 10 });
    expect(unanswered("failed", 120).broken()).toEqual([]);
    expect(unanswered("released", 1_020).broken()).toEqual([]);
    for (const story of [
      unanswered("succeeded", 120),
      unanswered("discarded", 120),
      unanswered("quarantined", 120),
      unanswered("failed", 120, { nonRetryable: true }),
      // A release pauses for a second.
      unanswered("released", 500),
    ]) {
      expect(story.broken()).toEqual(["duplicate-explained", "outcome-unknown-set"]);
    }
    // Its lease was over: then nobody knows whether the work was done.
    const story = unanswered("succeeded", 2_010);
    story.counted = { leaseExpiries: 1 };
    expect(story.broken()).toEqual(["outcome-unknown-set"]);
  });

  it("do not come because a stream has closed: what came by it keeps its lease", () => {
    const closed = (at: number) => {
      const next = { stream: "next", session: "s", leaseMs: 2_000, leasesHeld: 1 };
      return sent()
        .deliver("m", { at: 10 })
        .write("worker", { e: "closed", at: 100, stream: "stream", why: "reset" })
        .write("worker", { e: "opened", at: 500, ...next })
        .deliver("m", { at, number: 2, stream: "next", unknown: true })
        .ack("m-2", "succeeded", { at: at + 10 });
    };
    expect(closed(600).broken()).toEqual(TOO_EARLY);
    expect(closed(2_010).broken()).toEqual([]);
    // Its client may give it back.
    const released = closed(1_200).ack("m-1", "released", { at: 110, answer: "none" });
    released.counted = { released: 1 };
    expect(released.broken()).toEqual([]);
  });
});

describe("a send that had been taken before", () => {
  const known = (source: string) => new Story().send(source, { answer: "known" });

  it("has been seen, or is kept", () => {
    const seen = known("m").deliver("m", { at: 10 }).ack("m-1", "succeeded", { at: 20 });
    expect(seen.broken()).toEqual([]);
    const kept = known("m").keep("m", { number: 5, quarantineReason: "CRASH_LOOP" });
    expect(kept.broken()).not.toContain("not-lost");
    expect(known("m").broken()).toEqual(["not-lost"]);
  });

  it("may have been forgotten with a store that went back, or dropped by a rule", () => {
    const forgotten = known("m")
      .fault("failover", 1)
      .report({ kinds: ["failover"], withinMs: 500 });
    expect(forgotten.violations).toEqual([]);
    expect(forgotten.rolledBack.map(({ rule }) => rule)).toEqual(["not-lost"]);
    const dropped = new Story("orders").send("m.drop.h1", { answer: "known" });
    expect(dropped.broken()).toEqual([]);
  });
});
