import { describe, expect, it } from "vitest";
import { Story } from "./story.ts";

const UNAVAILABLE = { request: "send-m", code: "UNAVAILABLE", refused: false };

const sent = (plan?: Parameters<Story["send"]>[1]) => new Story().send("m", plan);

describe("quarantine", () => {
  const exhausted = (failures: number, plan: "exhaust" | "ok") => {
    const story = sent({ plan });
    for (let number = 1; number <= failures; number++) {
      const state = number === failures ? "QUARANTINED" : "SCHEDULED";
      story.deliver("m", { at: 100 * number, number, attempt: number });
      story.ack(`m-${number}`, "failed", { at: 100 * number + 10, state });
    }
    return story.keep("m", { attempts: failures, quarantineReason: "RETRIES_EXHAUSTED" });
  };

  it("is allowed after the maximum of failures", () => {
    expect(exhausted(2, "exhaust").broken()).toEqual([]);
    expect(exhausted(1, "exhaust").broken()).toEqual(["quarantine-earned"]);
    expect(exhausted(3, "ok").broken()).toEqual([]);
    expect(exhausted(2, "ok").broken()).toEqual(["quarantine-earned"]);
  });

  it("is required after the maximum of failures", () => {
    expect(exhausted(3, "exhaust").broken()).toEqual(["quarantine-due"]);
  });

  it("is allowed after a non-retryable failure", () => {
    const failed = (plan: "bad" | "ok", nonRetryable: boolean, by = "worker") =>
      sent({ plan })
        .deliver("m", { at: 10 })
        .ack("m-1", "failed", { at: 20, nonRetryable, state: "QUARANTINED", by })
        .keep("m", { attempts: 1, quarantineReason: "NON_RETRYABLE" });
    expect(failed("bad", true).broken()).toEqual([]);
    expect(failed("ok", true, "odd-worker").broken()).toEqual([]);
    expect(failed("ok", true).broken()).toEqual(["quarantine-earned"]);
    expect(failed("bad", false).broken()).toEqual(["quarantine-earned"]);
  });

  it("is allowed if a worker quarantined it, answered or not", () => {
    const asked = (answer: "APPLIED" | "none" | "refused") =>
      sent({ plan: "quarantine" })
        .deliver("m", { at: 10 })
        .ack("m-1", "quarantined", { at: 20, answer })
        .keep("m", { quarantineReason: "WORKER_REQUEST" });
    expect(asked("APPLIED").broken()).toEqual([]);
    expect(asked("none").broken()).toEqual([]);
    expect(asked("refused").broken()).toEqual(["quarantine-earned"]);
  });

  const silent = (deliveries: number) => {
    const story = sent({ plan: "crash" });
    for (let number = 1; number <= deliveries; number++) {
      story.deliver("m", { at: 3_000 * number, number, unknown: number > 1 });
    }
    return story;
  };

  it("is allowed and required after five leases without an outcome", () => {
    const kept = (story: Story, over = {}) =>
      story.keep("m", { quarantineReason: "CRASH_LOOP", ...over });
    expect(kept(silent(5)).broken()).toEqual([]);
    expect(kept(silent(4)).broken()).toEqual(["quarantine-earned", "counters-agree"]);
    // A server that was killed claimed the fifth during its lease.
    const lost = (at: number) => kept(silent(4).fault("kill-server", at), { number: 5 }).broken();
    expect(lost(14_500)).toEqual([]);
    expect(lost(5_000)).toEqual(["quarantine-earned", "claims-lost"]);
    expect(kept(silent(6)).broken()).toEqual(["quarantine-due"]);
  });

  it("is not allowed if one of five leases was released or reset the count", () => {
    for (const outcome of ["released", "failed"] as const) {
      const story = sent({ plan: "crash" }).deliver("m", { at: 0 }).ack("m-1", outcome, { at: 10 });
      const attempt = outcome === "failed" ? 2 : 1;
      for (let number = 2; number <= 5; number++) {
        story.deliver("m", { at: 3_000 * number, number, attempt, unknown: number > 2 });
      }
      story.keep("m", { attempts: attempt - 1, quarantineReason: "CRASH_LOOP" });
      expect(story.broken()).toEqual(["quarantine-earned", "counters-agree"]);
    }
  });

  it("counts unseen leases only if faults explain them", () => {
    const unseen = (faults: number) => {
      const story = sent();
      for (let n = 0; n < faults; n++) story.fault("kill-server", 10_000 * n);
      return story.keep("m", { number: 5, quarantineReason: "CRASH_LOOP" });
    };
    expect(unseen(0).broken()).toEqual(["quarantine-earned", "claims-lost"]);
    // Near a fault of one second, two leases of two seconds may be lost.
    expect(unseen(1).broken()).toEqual(["quarantine-earned"]);
    expect(unseen(2).broken()).toEqual(["quarantine-earned"]);
    expect(unseen(3).broken()).toEqual([]);
  });

  it("counts one unseen lease if an actor got UNAVAILABLE at that time", () => {
    const story = (at: number, gone = 1) => {
      const all = sent({ plan: "crash" });
      for (let number = 1 + gone; number <= 5; number++) {
        all.deliver("m", { at: 3_000 * number, number, unknown: number > 1 });
      }
      all.write("producer", { e: "unsent", at, ...UNAVAILABLE });
      return all.keep("m", { quarantineReason: "CRASH_LOOP" }).broken();
    };
    expect(story(3_000)).toEqual([]);
    expect(story(8_000)).toContain("quarantine-earned");
    expect(story(3_000, 2)).toContain("quarantine-earned");
  });

  it("counts a lease that was released after it expired", () => {
    const story = (at: number) => {
      const all = sent({ plan: "crash" }).deliver("m", { at: 0 }).ack("m-1", "released", { at });
      for (let number = 2; number <= 5; number++) {
        all.deliver("m", { at: 4_000 * number, number, unknown: number > 2 });
      }
      return all.keep("m", { quarantineReason: "CRASH_LOOP" });
    };
    expect(story(2_500).broken()).toEqual([]);
    expect(story(1_500).broken()).toEqual(["quarantine-earned", "counters-agree"]);
  });

  it("has only the reasons of its queue", () => {
    for (const quarantineReason of ["POISON", "TTL_EXPIRED", "PRODUCER_REQUEST"]) {
      expect(sent().keep("m", { quarantineReason }).broken()).toEqual(["quarantine-earned"]);
    }
    expect(sent().keep("m").broken()).toEqual(["quarantine-earned"]);
    const baseline = sent({ plan: "baseline" });
    baseline.keep("m", { state: "SCHEDULED", quarantineReason: "POISON" });
    expect(baseline.broken()).toEqual(["quarantine-earned"]);
  });
});

describe("counters", () => {
  const run = (counted: Story["counted"]) => {
    const story = sent()
      .deliver("m", { at: 10 })
      .deliver("m", { at: 2_010, number: 2, unknown: true })
      .ack("m-2", "succeeded", { at: 2_020 })
      .send("n", { plan: "baseline" })
      .keep("n", { state: "SCHEDULED" });
    story.counted = counted;
    return story.broken();
  };

  it("equal contents and histories", () => {
    expect(run({})).toEqual([]);
    expect(run({ leaseExpiries: 1 })).toEqual([]);
    for (const counted of [
      { accepted: 3 },
      { accepted: 1, succeeded: 0 },
      { accepted: 3, succeeded: 2 },
      { succeeded: 0, discarded: 1 },
      { succeeded: 0, expired: 1 },
      { succeeded: 0, purged: 1 },
      { deliveries: 1 },
      { deliveries: 3 },
      { leaseExpiries: 0 },
      { leaseExpiries: 2 },
      { duplicates: 1 },
      { failedAttempts: 1 },
      { released: 1 },
      { queue: "other" },
    ]) {
      expect(run(counted), JSON.stringify(counted)).toContain("counters-agree");
    }
  });

  it("count all applied failures and releases, and at most the unanswered ones", () => {
    const twice = (answer: "APPLIED" | "none", counted: Story["counted"]) => {
      const story = sent({ plan: "fail1" })
        .deliver("m", { at: 10 })
        .ack("m-1", "failed", { at: 20, answer })
        .deliver("m", { at: 2_010, number: 2, attempt: 2 })
        .ack("m-2", "released", { at: 2_020, answer })
        .deliver("m", { at: 5_010, number: 3, attempt: 2 })
        .ack("m-3", "succeeded", { at: 5_020 });
      story.counted = counted;
      return story.broken();
    };
    expect(twice("APPLIED", {})).toEqual([]);
    expect(twice("APPLIED", { failedAttempts: 0 })).toEqual(["counters-agree"]);
    expect(twice("APPLIED", { released: 0 })).toEqual(["counters-agree"]);
    for (const one of [0, 1]) {
      expect(twice("none", { failedAttempts: one, released: 1 - one })).toEqual([]);
    }
    expect(twice("none", { failedAttempts: 2 })).toEqual(["counters-agree"]);
    expect(twice("none", { released: 2 })).toEqual(["counters-agree"]);
  });

  it("may count an expired lease that no worker saw", () => {
    const unseen = (at: number, leaseExpiries: number) => {
      const story = sent().fault("reset", 0).deliver("m", { at, number: 2 });
      story.ack("m-2", "succeeded", { at: at + 10 });
      story.counted = { leaseExpiries };
      return story.broken();
    };
    expect(unseen(2_010, 0)).toEqual([]);
    expect(unseen(2_010, 1)).toEqual([]);
    // The time was too short for a lease.
    expect(unseen(500, 1)).toEqual(["counters-agree"]);
  });

  it("may count an unanswered outcome or not", () => {
    const twice = (succeeded: number) => {
      const story = sent()
        .deliver("m", { at: 10 })
        .ack("m-1", "succeeded", { at: 20, answer: "none" })
        .ack("m-1", "discarded", { at: 30, answer: "none", by: "odd-worker" });
      story.counted = { succeeded, discarded: 1 - succeeded };
      return story.broken();
    };
    expect(twice(0)).toEqual([]);
    expect(twice(1)).toEqual([]);
  });

  it("need a store whose invariants hold", () => {
    expect(run({ broken: ["due has an orphan"] })).toEqual(["store-sound"]);
  });
});
