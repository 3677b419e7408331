import { describe, expect, it } from "vitest";
import type { OutcomeKind } from "../history/event.ts";
import { Story } from "./story.ts";

type Outcome = Parameters<Story["ack"]>[2];

/** The rules broken by a delivery during a lease that the store counts as expired. */
const TOO_EARLY = ["duplicate-explained", "counters-agree"];

/** Starts a story with one sent message. */
const sent = (plan?: Parameters<Story["send"]>[1]) => new Story().send("m", plan);

describe("a second delivery", () => {
  const again = (at: number, story = sent()) =>
    story
      .deliver("m", { at: 10 })
      .deliver("m", { at, number: 2, unknown: true })
      .ack("m-2", "succeeded", { at: at + 10 });

  it("comes when the lease has expired, and not a millisecond before", () => {
    const story = again(2_010);
    expect(story.broken()).toEqual([]);
    expect(story.report().counts.duplicates).toEqual({ expired: 1, unanswered: 0 });
    expect(again(2_009).broken()).toEqual(TOO_EARLY);
  });

  it("comes when an extended lease has expired", () => {
    expect(again(3_500, sent().extend("m-1", 1_500, 3_500)).broken()).toEqual([]);
    expect(again(3_400, sent().extend("m-1", 1_500, 3_500)).broken()).toEqual(TOO_EARLY);
    // The extension may have failed.
    expect(again(2_010, sent().extend("m-1", 1_500, undefined)).broken()).toEqual([]);
  });

  it("may come if an outcome has no answer and was sent before", () => {
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

  it("may come after an unanswered outcome only if that outcome leads to a retry", () => {
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
      // A released message is due after a second.
      unanswered("released", 500),
    ]) {
      expect(story.broken()).toEqual(["duplicate-explained", "outcome-unknown-set"]);
    }
    // The lease had expired, so the outcome may not count.
    const story = unanswered("succeeded", 2_010);
    story.counted = { leaseExpiries: 1 };
    expect(story.broken()).toEqual(["outcome-unknown-set"]);
  });

  it("does not come when a stream closes, because its leases go on", () => {
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
    // The client may release it.
    const released = closed(1_200).ack("m-1", "released", { at: 110, answer: "none" });
    released.counted = { released: 1 };
    expect(released.broken()).toEqual([]);
  });
});

describe("a send that is answered as known", () => {
  const known = (source: string) => new Story().send(source, { answer: "known" });

  it("was delivered or is stored", () => {
    const seen = known("m").deliver("m", { at: 10 }).ack("m-1", "succeeded", { at: 20 });
    expect(seen.broken()).toEqual([]);
    const kept = known("m").keep("m", { number: 5, quarantineReason: "CRASH_LOOP" });
    expect(kept.broken()).not.toContain("not-lost");
    expect(known("m").broken()).toEqual(["not-lost"]);
  });

  it("may be missing after a rollback, or if a rule dropped it", () => {
    const forgotten = known("m")
      .fault("failover", 1)
      .report({ kinds: ["failover"], withinMs: 500 });
    expect(forgotten.violations).toEqual([]);
    expect(forgotten.rolledBack.map(({ rule }) => rule)).toEqual(["not-lost"]);
    const dropped = new Story("orders").send("m.drop.h1", { answer: "known" });
    expect(dropped.broken()).toEqual([]);
  });
});
