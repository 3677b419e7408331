import { describe, expect, it } from "vitest";
import { Story } from "./story.ts";

type Outcome = Parameters<Story["ack"]>[2];

/** Starts a story with one sent message. */
const sent = (plan?: Parameters<Story["send"]>[1]) => new Story().send("m", plan);

describe("tokens", () => {
  it("may be acknowledged again under the same request, and are applied once", () => {
    const story = sent()
      .deliver("m", { at: 10 })
      .ack("m-1", "succeeded", { at: 20, request: "r" })
      .ack("m-1", "succeeded", { at: 30, request: "r" })
      .ack("m-1", "succeeded", { at: 40, answer: "NOT_FOUND", by: "odd-worker" });
    expect(story.broken()).toEqual([]);
  });

  it("are not applied under two requests", () => {
    const story = sent()
      .deliver("m", { at: 10 })
      .ack("m-1", "succeeded", { at: 20 })
      .ack("m-1", "succeeded", { at: 30, by: "odd-worker" });
    expect(story.broken()).toEqual(["applied-once"]);
  });

  it("get the same answer, with state and due time, under the same request", () => {
    const reported = (first: Partial<Outcome>, second: Partial<Outcome>) =>
      sent({ plan: "fail1" })
        .deliver("m", { at: 10 })
        .ack("m-1", "failed", { at: 20, request: "r", ...first })
        .ack("m-1", "failed", { at: 30, request: "r", ...second })
        .deliver("m", { at: 900, number: 2, attempt: 2 })
        .ack("m-2", "succeeded", { at: 910 });
    expect(reported({ dueAt: 200 }, { dueAt: 200 }).broken()).toEqual([]);
    expect(reported({}, { answer: "NOT_FOUND" }).broken()).toContain("same-answer");
    expect(reported({ dueAt: 200 }, { dueAt: 201 }).broken()).toContain("same-answer");
    expect(reported({}, { state: "QUARANTINED" }).broken()).toContain("same-answer");
  });

  it("are issued once", () => {
    const story = sent()
      .deliver("m", { at: 10 })
      .deliver("m", { at: 2_010, number: 2, token: "m-1", unknown: true })
      .ack("m-1", "succeeded", { at: 2_020 });
    expect(story.broken()).toEqual(["token-once", "counters-agree"]);
  });

  it("have no effect if forged", () => {
    const story = sent().deliver("m", { at: 10 }).ack("m-1", "succeeded", { at: 20 });
    story.ack("forged", "succeeded", { at: 30, answer: "NOT_FOUND", by: "odd-worker" });
    expect(story.broken()).toEqual([]);
    story.ack("forged too", "succeeded", { at: 30, by: "odd-worker" });
    expect(story.broken()).toEqual(["token-issued"]);
  });

  it("of lost deliveries are released if ExtendLease listed them", () => {
    const story = sent()
      .fault("reset", 0)
      .extend("m-1", 50, 2_050)
      .ack("m-1", "released", { at: 60, request: "" })
      .deliver("m", { at: 1_070, number: 2 })
      .ack("m-2", "succeeded", { at: 1_080 });
    expect(story.broken()).toEqual([]);
    expect(
      sent().keep("m").ack("m-1", "released", { at: 60, answer: "LEASE_LOST" }).broken(),
    ).toContain("history-whole");
  });

  it("are not applied after the next one is issued", () => {
    const late = (at: number) =>
      sent()
        .deliver("m", { at: 10 })
        .deliver("m", { at: 2_010, number: 2, unknown: true })
        .ack("m-2", "succeeded", { at: 2_020 })
        .ack("m-1", "failed", { at, answer: at < 2_010 ? "none" : "LEASE_LOST" });
    expect(late(2_000).broken()).toEqual([]);
    expect(late(2_030).broken()).toEqual([]);
    const story = sent()
      .deliver("m", { at: 10 })
      .deliver("m", { at: 2_010, number: 2, unknown: true })
      .ack("m-1", "succeeded", { at: 2_030 });
    expect(story.broken()).toContain("one-live-token");
  });

  it("are not extended after the next one is issued", () => {
    const extended = (at: number) =>
      sent()
        .deliver("m", { at: 10 })
        .deliver("m", { at: 4_010, number: 2, unknown: true })
        .ack("m-2", "succeeded", { at: 4_020 })
        .extend("m-1", at, at + 2_000);
    expect(extended(2_000).broken()).toEqual([]);
    expect(extended(4_030).broken()).toEqual([
      "one-live-token",
      "duplicate-explained",
      "counters-agree",
    ]);
  });

  it("are applied late if no other worker has the message", () => {
    const refused = (number: number) =>
      sent()
        .fault("kill-server", 2_400)
        .deliver("m", { at: 10 })
        .ack("m-1", "succeeded", { at: 2_500, answer: "LEASE_LOST" })
        .deliver("m", { at: 3_000, number, unknown: true })
        .ack(`m-${number}`, "succeeded", { at: 3_010 });
    // Another worker may have had the second delivery.
    expect(refused(3).broken()).toEqual([]);
    expect(refused(2).broken()).toEqual(["outcome-taken"]);
    const unanswered = (outcome: "succeeded" | "failed") =>
      sent({ plan: "fail1" })
        .deliver("m", { at: 10 })
        .ack("m-1", outcome, { at: 20, answer: "none" })
        .ack("m-1", "succeeded", { at: 30, answer: "LEASE_LOST", by: "odd-worker" })
        .deliver("m", {
          at: 3_000,
          number: 2,
          attempt: outcome === "failed" ? 2 : 1,
          unknown: true,
        })
        .ack("m-2", "succeeded", { at: 3_010 });
    expect(unanswered("failed").broken()).toEqual([]);
    // An applied success would have ended the message.
    expect(unanswered("succeeded").broken()).toContain("outcome-taken");
    const last = sent()
      .deliver("m", { at: 10 })
      .ack("m-1", "failed", { at: 20, answer: "LEASE_LOST" });
    expect(last.keep("m").broken()).toContain("outcome-taken");
  });

  it("lead to the state of their outcome", () => {
    const failed = (nonRetryable: boolean) =>
      sent({ plan: "bad" })
        .deliver("m", { at: 10 })
        .ack("m-1", "failed", { at: 20, nonRetryable })
        .deliver("m", { at: 30, number: 2, attempt: 2 })
        .ack("m-2", "succeeded", { at: 40 });
    expect(failed(false).broken()).toEqual([]);
    expect(failed(true).broken()).toEqual(["answer-fits"]);
  });
});

describe("delivery numbers", () => {
  const pair = (first: number, second: number) =>
    sent()
      .fault("kill-server", 2_500)
      .deliver("m", { at: 10, number: first, token: "a" })
      .deliver("m", { at: 3_000, number: second, token: "b", unknown: true })
      .ack("b", "succeeded", { at: 3_010 });

  it("grow, with gaps for deliveries that no worker received", () => {
    expect(pair(1, 4).broken()).toEqual([]);
  });

  it("are used once", () => expect(pair(1, 1).broken()).toContain("number-once"));

  it("begin at 1", () => expect(pair(0, 1).broken()).toContain("numbers-grow"));

  it("do not decrease", () => expect(pair(2, 1).broken()).toContain("numbers-grow"));
});

describe("due times", () => {
  it("are respected by the first delivery", () => {
    const first = (at: number) =>
      sent({ dueAt: 500 })
        .deliver("m", { at })
        .ack("m-1", "succeeded", { at: at + 10 });
    expect(first(500).broken()).toEqual([]);
    expect(first(499).broken()).toEqual(["not-early"]);
  });

  it("are respected after a failure", () => {
    const second = (at: number) =>
      sent({ plan: "fail1" })
        .deliver("m", { at: 10 })
        .ack("m-1", "failed", { at: 20, dueAt: 500 })
        .deliver("m", { at, number: 2, attempt: 2 })
        .ack("m-2", "succeeded", { at: at + 10 });
    expect(second(500).broken()).toEqual([]);
    expect(second(499).broken()).toEqual(["not-early"]);
  });

  it("of released messages are at least a second later", () => {
    const released = (dueAt: number) =>
      sent({ plan: "release" })
        .deliver("m", { at: 10 })
        .ack("m-1", "released", { at: 20, dueAt })
        .deliver("m", { at: 2_000, number: 2 })
        .ack("m-2", "succeeded", { at: 2_010 });
    expect(released(1_020).broken()).toEqual([]);
    expect(released(900).broken()).toEqual(["not-early"]);
  });
});
