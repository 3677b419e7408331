import { describe, expect, it } from "vitest";
import type { Kept } from "../history/event.ts";
import { idAt, Story } from "./story.ts";

const sent = (plan?: Parameters<Story["send"]>[1]) => new Story().send("m", plan);

describe("a message", () => {
  const done = (story: Story, id?: string) =>
    story
      .deliver("m", { at: 10, ...(id === undefined ? {} : { id }) })
      .ack("m-1", "succeeded", { at: 20 });

  it("keeps its id if tries got no answer", () => {
    const story = sent({ answer: "none" }).send("m", { at: 5, id: idAt(1, 0) });
    expect(done(story).broken()).toEqual([]);
  });

  it("has one id for its source", () => {
    const story = done(sent(), idAt(2, 7)).keep("m");
    expect(story.broken()).toContain("one-id");
  });

  it("has one answer to its request", () => {
    const story = done(sent().send("m", { at: 5 }));
    story.counted = { accepted: 2, succeeded: 2 };
    expect(story.broken()).toContain("one-id");
  });

  it("has one source for its id", () => {
    const story = sent()
      .send("n")
      .deliver("n", { at: 10, id: idAt(1, 0) });
    expect(story.broken()).toContain("one-source");
    const kept = sent()
      .keep("m")
      .send("n", { answer: "none" })
      .keep("n", { id: idAt(1, 0) });
    expect(kept.broken()).toContain("one-source");
  });

  it("keeps payload, plan and queue", () => {
    for (const over of [{ sum: "other" }, { plan: "bad" }] as const) {
      const story = sent().deliver("m", { at: 10, over }).ack("m-1", "succeeded", { at: 20 });
      expect(story.broken(), JSON.stringify(over)).toEqual(["unchanged"]);
    }
    const elsewhere = sent().deliver("m", { at: 10, over: { queue: "other" } });
    expect(elsewhere.ack("m-1", "succeeded", { at: 20 }).broken()).toContain("in-place");
    expect(
      sent({ plan: "baseline" }).keep("m", { state: "SCHEDULED", queue: "other" }).broken(),
    ).toContain("in-place");
  });

  it("was sent", () => {
    expect(done(new Story()).broken()).toEqual(["nothing-invented"]);
    expect(done(sent({ answer: "refused" })).broken()).toEqual(["nothing-invented"]);
    expect(done(sent({ answer: "none" })).broken()).toEqual([]);
  });
});

describe("the end of a message", () => {
  it("may be missing only if its send was not acknowledged", () => {
    expect(sent({ answer: "none" }).broken()).toEqual([]);
    expect(sent().broken()).toContain("not-lost");
  });

  it("may be an unanswered outcome if no delivery follows", () => {
    const unanswered = () =>
      sent().deliver("m", { at: 10 }).ack("m-1", "succeeded", { at: 20, answer: "none" });
    expect(unanswered().broken()).toEqual([]);
    expect(unanswered().deliver("m", { at: 2_010, number: 2 }).broken()).toContain("not-lost");
    const refused = sent().deliver("m", { at: 10 });
    expect(refused.ack("m-1", "succeeded", { at: 20, answer: "refused" }).broken()).toContain(
      "not-lost",
    );
  });

  it("is required after a delivery, even if the send was not acknowledged", () => {
    const story = sent({ answer: "none" }).deliver("m", { at: 10 });
    expect(story.broken()).toContain("not-lost");
  });

  it("is final", () => {
    const gone = () => sent().deliver("m", { at: 10 }).ack("m-1", "succeeded", { at: 20 });
    expect(gone().broken()).toEqual([]);
    expect(gone().keep("m").broken()).toContain("stays-ended");
    expect(gone().deliver("m", { at: 30, number: 2 }).broken()).toContain("stays-ended");
  });

  it("is final in quarantine", () => {
    const set = () =>
      sent({ plan: "quarantine" }).deliver("m", { at: 10 }).ack("m-1", "quarantined", { at: 20 });
    expect(set().keep("m", { quarantineReason: "WORKER_REQUEST" }).broken()).toEqual([]);
    expect(set().broken()).toContain("not-lost");
    expect(set().keep("m", { state: "SCHEDULED" }).broken()).toContain("stays-ended");
    const again = set().deliver("m", { at: 30, number: 2 }).ack("m-2", "succeeded", { at: 40 });
    expect(again.broken()).toEqual(["stays-ended"]);
  });

  it("is final if the answer was NOT_FOUND", () => {
    const answered = (at: number) =>
      sent()
        .deliver("m", { at: 10 })
        .ack("m-1", "succeeded", { at, answer: "NOT_FOUND" })
        .deliver("m", { at: 2_010, number: 2, unknown: true })
        .ack("m-2", "succeeded", { at: 2_020 });
    expect(answered(2_030).broken()).toEqual([]);
    expect(answered(500).broken()).toEqual(["stays-ended"]);
    // Before the start of the clock.
    const early = sent({ at: -50 }).deliver("m", { at: -40 });
    expect(early.ack("m-1", "succeeded", { at: -30, answer: "NOT_FOUND" }).broken()).not.toContain(
      "stays-ended",
    );
  });

  it("comes once", () => {
    const story = sent({ plan: "baseline" }).keep("m", { state: "SCHEDULED" });
    expect(story.broken()).toEqual([]);
    expect(story.keep("m", { state: "SCHEDULED" }).broken()).toContain("kept-once");
  });

  it("is required for all but baseline messages", () => {
    const kept = (state: Kept["state"]) => sent().keep("m", { state });
    expect(kept("SCHEDULED").broken()).toEqual(["finished"]);
    expect(kept("IN_FLIGHT").broken()).toEqual(["finished"]);
    const baseline = () => sent({ plan: "baseline", dueAt: 3e9 });
    expect(baseline().keep("m", { state: "SCHEDULED" }).broken()).toEqual([]);
    expect(baseline().broken()).toContain("not-lost");
    expect(baseline().keep("m", { state: "IN_FLIGHT" }).broken()).toEqual(["baseline-untouched"]);
    expect(
      baseline().fault("reset", 0).keep("m", { state: "SCHEDULED", number: 1 }).broken(),
    ).toEqual(["baseline-untouched"]);
    expect(
      baseline().deliver("m", { at: 10 }).keep("m", { state: "SCHEDULED" }).broken(),
    ).toContain("baseline-untouched");
  });
});

describe("attempts", () => {
  const failed = (answer: "APPLIED" | "none" | "refused", attempt: number) =>
    sent({ plan: "fail1" })
      .deliver("m", { at: 10 })
      .ack("m-1", "failed", { at: 20, answer })
      .deliver("m", { at: 2_010, number: 2, attempt, unknown: answer !== "APPLIED" })
      .ack("m-2", "succeeded", { at: 2_020 });

  it("count applied failures", () => {
    expect(failed("APPLIED", 2).broken()).toEqual([]);
    expect(failed("APPLIED", 1).broken()).toEqual(["attempts"]);
    expect(failed("refused", 1).broken()).toEqual([]);
    expect(failed("refused", 2).broken()).toEqual(["attempts"]);
  });

  it("may count unanswered failures", () => {
    expect(failed("none", 1).broken()).toEqual([]);
    expect(failed("none", 2).broken()).toEqual([]);
    expect(failed("none", 3).broken()).toEqual(["attempts"]);
  });

  it("are the same in the store", () => {
    const kept = (attempts: number) =>
      sent({ plan: "bad" })
        .deliver("m", { at: 10 })
        .ack("m-1", "failed", { at: 20, nonRetryable: true, state: "QUARANTINED" })
        .keep("m", { attempts, quarantineReason: "NON_RETRYABLE" });
    expect(kept(1).broken()).toEqual([]);
    expect(kept(0).broken()).toEqual(["attempts"]);
    expect(kept(2).broken()).toEqual(["attempts"]);
  });
});

describe("outcome_unknown", () => {
  const third = (unknown: boolean, first: "failed" | undefined) => {
    const story = sent({ plan: "fail1" }).deliver("m", { at: 10 });
    if (first !== undefined) story.ack("m-1", first, { at: 20 });
    const attempt = first === undefined ? 1 : 2;
    return story
      .deliver("m", { at: 2_100, number: 2, attempt, unknown: first === undefined })
      .ack("m-2", "released", { at: 2_110 })
      .deliver("m", { at: 4_000, number: 3, attempt, unknown })
      .ack("m-3", "succeeded", { at: 4_010 });
  };

  it("stays true after an unknown outcome", () => {
    expect(third(true, undefined).broken()).toEqual([]);
    expect(third(false, undefined).broken()).toEqual(["outcome-unknown-set"]);
  });

  it("is false if all outcomes are known", () => {
    expect(third(false, "failed").broken()).toEqual([]);
    expect(third(true, "failed").broken()).toEqual(["outcome-unknown-clear"]);
  });

  it("may be either if a delivery was not received or an outcome not answered", () => {
    for (const unknown of [true, false]) {
      const unseen = sent()
        .fault("reset", 0)
        .deliver("m", { at: 10, number: 2, unknown })
        .ack("m-2", "succeeded", { at: 20 });
      expect(unseen.broken()).toEqual([]);
      const unanswered = sent()
        .deliver("m", { at: 10 })
        .ack("m-1", "released", { at: 20, answer: "none" })
        .deliver("m", { at: 2_010, number: 2, unknown })
        .ack("m-2", "succeeded", { at: 2_020 });
      expect(unanswered.broken()).toEqual([]);
    }
  });
});
