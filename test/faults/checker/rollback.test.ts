import { describe, expect, it } from "vitest";
import { idAt, Story } from "./story.ts";

const AT = 10_000;
const ALLOW = { kinds: ["failover"], withinMs: 500 };

/** Returns the broken rules, and those that a rollback explains. */
function judge(story: Story, allow = ALLOW): { broken: string[]; forgotten: string[] } {
  const { violations, rolledBack } = story.fault("failover", AT).report(allow);
  return {
    broken: violations.map(({ rule }) => rule),
    forgotten: rolledBack.map(({ rule }) => rule),
  };
}

/** Stories whose last write was `before` ms before the failover. */
const stories: Record<string, (before: number) => { story: Story; rule: string }> = {
  "a send": (before) => {
    const story = new Story().send("m", { at: AT - before });
    story.counted = { accepted: 0, succeeded: 0 };
    return { story, rule: "not-lost" };
  },
  "the end of a message that is stored": (before) => {
    const story = new Story()
      .send("m", { plan: "crash" })
      .deliver("m", { at: 10 })
      .ack("m-1", "succeeded", { at: AT - before })
      .keep("m", { number: 5, quarantineReason: "CRASH_LOOP" });
    return { story, rule: "stays-ended" };
  },
  "the end of a message that is delivered again": (before) => ({
    rule: "stays-ended",
    story: new Story()
      .send("m")
      .deliver("m", { at: AT - before - 10 })
      .ack("m-1", "succeeded", { at: AT - before })
      .deliver("m", { at: AT + 3_000, number: 2, unknown: true })
      .ack("m-2", "succeeded", { at: AT + 3_010 }),
  }),
  "a claim, whose number is used again": (before) => ({
    rule: "number-once",
    story: new Story()
      .send("m")
      .deliver("m", { at: AT - before, token: "a" })
      .deliver("m", { at: AT + 900, token: "b" })
      .ack("b", "succeeded", { at: AT + 910 }),
  }),
  "two claims": (before) => {
    const story = new Story()
      .send("m")
      .deliver("m", { at: AT - before, number: 2, token: "a" })
      .deliver("m", { at: AT + 900, number: 1, token: "b" })
      .ack("b", "succeeded", { at: AT + 910 });
    story.counted = { deliveries: 1, leaseExpiries: 0 };
    return { story, rule: "numbers-grow" };
  },
  "a lease": (before) => ({
    rule: "duplicate-explained",
    story: new Story()
      .send("m")
      .deliver("m", { at: AT - before })
      .deliver("m", { at: AT - before + 1_900, number: 2, unknown: true })
      .ack("m-2", "succeeded", { at: AT + 1_910 }),
  }),
  "an outcome, which then counts again": (before) => ({
    rule: "applied-once",
    story: new Story()
      .send("m")
      .deliver("m", { at: AT - before - 10 })
      .ack("m-1", "succeeded", { at: AT - before })
      .ack("m-1", "succeeded", { at: AT + 1_100 }),
  }),
  "an answer": (before) => ({
    rule: "same-answer",
    story: new Story()
      .send("m")
      .deliver("m", { at: AT - before - 10 })
      .ack("m-1", "succeeded", { at: AT - before, request: "r" })
      .ack("m-1", "succeeded", { at: AT + 1_100, request: "r", answer: "NOT_FOUND" }),
  }),
  "a claim, so a late outcome of the previous one ends the message": (before) => ({
    rule: "stays-ended",
    story: new Story()
      .send("m")
      .deliver("m", { at: AT - before - 2_100 })
      .deliver("m", { at: AT - before, number: 2, unknown: true })
      .ack("m-1", "succeeded", { at: AT + 1_100 }),
  }),
  "a claim, so a late failure of the previous one counts": (before) => ({
    rule: "attempts",
    story: new Story()
      .send("m", { plan: "fail1" })
      .deliver("m", { at: AT - before - 2_100 })
      .deliver("m", { at: AT - before, number: 2, attempt: 1, unknown: true })
      .ack("m-1", "failed", { at: AT + 1_100, dueAt: AT + 2_000 })
      .deliver("m", { at: AT + 3_000, number: 3, attempt: 2, unknown: true })
      .ack("m-3", "succeeded", { at: AT + 3_010 }),
  }),
  "a claim with outcome_unknown": (before) => ({
    rule: "outcome-unknown-clear",
    story: new Story()
      .send("m")
      .deliver("m", { at: AT - before - 2_100 })
      .deliver("m", { at: AT - before, number: 2, unknown: true })
      .ack("m-1", "succeeded", { at: AT + 1_100 }),
  }),
  "a failure": (before) => ({
    rule: "attempts",
    story: new Story()
      .send("m", { plan: "fail1" })
      .deliver("m", { at: AT - before - 10 })
      .ack("m-1", "failed", { at: AT - before })
      .deliver("m", { at: AT + 3_000, number: 2, attempt: 1, unknown: true })
      .ack("m-2", "succeeded", { at: AT + 3_010 }),
  }),
  "a due time": (before) => ({
    rule: "not-early",
    story: new Story()
      .send("m", { plan: "fail1" })
      .deliver("m", { at: AT - before - 10 })
      .ack("m-1", "failed", { at: AT - before, dueAt: AT + 9_000 })
      .deliver("m", { at: AT + 3_000, number: 2, attempt: 2 })
      .ack("m-2", "succeeded", { at: AT + 3_010 }),
  }),
};

/** Stories whose deliveries and counters depend on more than one undone write. */
Object.assign(stories, {
  "a claim that reaches its worker after a late outcome of the previous one": (before: number) => ({
    rule: "stays-ended",
    story: new Story()
      .send("m")
      .deliver("m", { at: AT - before - 2_100 })
      .deliver("m", { at: AT - before, number: 2, unknown: true, over: { at: AT + 1_500 } })
      .ack("m-1", "succeeded", { at: AT + 1_100 }),
  }),
  "a failure, and of the next claim, before another outcome of that delivery": (before: number) => {
    const story = new Story()
      .send("m", { plan: "fail1" })
      .deliver("m", { at: AT - before - 10 })
      .ack("m-1", "failed", { at: AT - before })
      .deliver("m", { at: AT - before + 50, number: 2, attempt: 2 })
      .ack("m-1", "discarded", { at: AT + 1_100, by: "odd-worker" });
    story.counted = { deliveries: 1, failedAttempts: 0, discarded: 1, succeeded: 0 };
    return { story, rule: "applied-once" };
  },
  "a release, whose lease counts then": (before: number) => {
    const story = new Story()
      .send("m", { plan: "release" })
      .deliver("m", { at: AT - before - 10 })
      .ack("m-1", "released", { at: AT - before })
      .deliver("m", { at: AT + 3_000, number: 2, unknown: true })
      .deliver("m", { at: AT + 5_100, number: 3, unknown: true })
      .ack("m-3", "released", { at: AT + 5_110 });
    for (const number of [4, 5, 6]) {
      story.deliver("m", { at: AT + 2_100 * (number - 1), number, unknown: true });
    }
    story.keep("m", { quarantineReason: "CRASH_LOOP" });
    return { story, rule: "quarantine-earned" };
  },
});

describe("a rollback explains the loss of", () => {
  for (const [title, build] of Object.entries(stories)) {
    it(title, () => {
      const recent = build(400);
      const { broken, forgotten } = judge(recent.story);
      expect(broken).toEqual([]);
      expect(forgotten).toContain(recent.rule);
    });

    it(`${title}, but not long before it`, () => {
      const old = build(2_500);
      expect(judge(old.story).broken).toContain(old.rule);
    });

    it(`${title}, but not without a fault of that kind`, () => {
      const { story, rule } = build(400);
      expect(judge(story, { kinds: ["redis-killed"], withinMs: 500 }).broken).toContain(rule);
    });
  }

  it("a send, but not during the recovery after the fault", () => {
    const recovering = (at: number) => {
      const story = new Story().send("m", { at });
      story.counted = { accepted: 0, succeeded: 0 };
      return judge(story).broken;
    };
    // The fault ends after a second, the recovery after two.
    expect(recovering(AT + 900)).toEqual([]);
    expect(recovering(AT + 1_100)).toEqual(["not-lost", "counters-agree"]);
  });

  it("counts, but no more than the lost writes", () => {
    const low = (accepted: number, released: number) => {
      const story = new Story().send("lost", { at: AT - 400 });
      for (const [source, at] of [
        ["recent", AT - 400],
        ["old", AT - 4_000],
      ] as const) {
        story.send(source, { at, plan: "release" }).deliver(source, { at: at + 10 });
        story.ack(`${source}-1`, "released", { at: at + 20 });
        story.deliver(source, { at: AT + 3_000, number: 2, unknown: source === "recent" });
        story.ack(`${source}-2`, "succeeded", { at: AT + 3_010 });
      }
      story.counted = { accepted, succeeded: 2, released };
      return judge(story);
    };
    expect(low(2, 1).forgotten).toContain("counters-agree");
    expect(low(2, 1).broken).toEqual([]);
    expect(low(2, 0).broken).toEqual(["counters-agree"]);
    expect(low(1, 1).broken).toEqual(["counters-agree"]);
  });

  it("a send that was retried and got another id", () => {
    const build = (before: number) => {
      const story = new Story()
        .send("m", { at: AT - before, answer: "none" })
        .deliver("m", { at: AT - before + 10, id: idAt(AT - before + 1, 0), token: "a" })
        .send("m", { at: AT + 1_100 })
        .deliver("m", { at: AT + 1_110, token: "b" })
        .ack("b", "succeeded", { at: AT + 1_120 });
      story.counted = { accepted: 1, succeeded: 1, deliveries: 1 };
      return story;
    };
    expect(judge(build(400))).toEqual({
      broken: [],
      forgotten: expect.arrayContaining(["one-id", "not-lost", "counters-agree"]),
    });
    expect(judge(build(2_500)).broken).toContain("one-id");
    // It never has both ids.
    const both = build(400)
      .keep("m")
      .keep("m", { id: idAt(AT - 399, 0) });
    expect(judge(both).broken).toContain("one-id");
  });

  it("writes, if other faults come with it", () => {
    const story = new Story().send("m", { at: AT - 400 }).fault("reset+failover", AT);
    story.counted = { accepted: 0, succeeded: 0 };
    const { violations, rolledBack } = story.report(ALLOW);
    expect(violations).toEqual([]);
    expect(rolledBack.map(({ rule }) => rule)).toEqual(["not-lost", "counters-agree"]);
  });

  it("nothing else", () => {
    const forged = new Story()
      .send("m")
      .deliver("m", { at: AT })
      .ack("m-1", "succeeded", { at: AT });
    forged.ack("forged", "succeeded", { at: AT, by: "odd-worker" });
    expect(judge(forged).broken).toEqual(["token-issued"]);
    const twice = new Story()
      .send("m", { at: AT })
      .deliver("m", { at: AT })
      .deliver("m", { at: AT + 5_000, number: 2, unknown: true, token: "m-1" });
    expect(judge(twice).broken).toContain("token-once");
    const invented = new Story()
      .send("m", { at: AT })
      .deliver("m", { at: AT, attempt: 2 })
      .ack("m-1", "succeeded", { at: AT });
    expect(judge(invented).broken).toEqual(["attempts"]);
    const more = new Story().send("m", { at: AT }).deliver("m", { at: AT });
    more.ack("m-1", "succeeded", { at: AT });
    more.counted = { accepted: 2, succeeded: 2 };
    expect(judge(more).broken).toEqual(["counters-agree"]);
  });
});

it("a rollback may undo the delivery that caused a refused outcome", () => {
  const story = new Story()
    .send("m")
    .deliver("m", { at: AT - 2_100 })
    .ack("m-1", "succeeded", { at: AT + 100, answer: "LEASE_LOST" })
    .deliver("m", { at: AT + 2_000, number: 2, unknown: true })
    .ack("m-2", "succeeded", { at: AT + 2_010 });
  expect(judge(story).forgotten).toContain("outcome-taken");
  expect(judge(story, { kinds: [], withinMs: 0 }).broken).toContain("outcome-taken");
});

describe("an outcome whose first answer was cut, and that was refused after the rollback", () => {
  /** The failure counted, and the next worker had the message, until both were undone. */
  const build = () => {
    const story = new Story()
      .send("m", { plan: "fail1" })
      .deliver("m", { at: AT - 1_900, token: "first" })
      .ack("first", "failed", { at: AT + 100, request: "r", answer: "none" })
      .deliver("m", { at: AT + 300, number: 2, attempt: 2, token: "undone" })
      .ack("first", "failed", { at: AT + 2_500, request: "r", answer: "LEASE_LOST" })
      .deliver("m", { at: AT + 4_100, number: 3, unknown: true, token: "last" })
      .ack("last", "failed", { at: AT + 4_110, dueAt: AT + 4_300 })
      .deliver("m", { at: AT + 4_400, number: 4, attempt: 2, unknown: true })
      .ack("m-4", "succeeded", { at: AT + 4_410 });
    // The first lease, and that of a claim that no worker received.
    story.counted = { leaseExpiries: 2 };
    return story;
  };

  it("may have been applied before it", () => {
    expect(judge(build()).broken).toEqual([]);
  });

  it("explains nothing after the rollback", () => {
    const story = build().deliver("m", { at: AT + 9_000, number: 5, token: "again" });
    expect(judge(story).broken).toContain("stays-ended");
  });

  it("was not applied without a rollback: the request gets its first answer again", () => {
    const { broken } = judge(build(), { kinds: [], withinMs: 0 });
    expect(broken).toEqual(expect.arrayContaining(["outcome-unknown-set", "attempts"]));
  });
});

describe("outcome_unknown after a rollback", () => {
  const processedTwice = (unknown: boolean) =>
    new Story()
      .send("m")
      .deliver("m", { at: AT - 410 })
      .ack("m-1", "succeeded", { at: AT - 400 })
      .deliver("m", { at: AT + 1_100, token: "again", unknown })
      .ack("again", "succeeded", { at: AT + 1_110 });

  it("is true for a message that was processed before", () => {
    expect(judge(processedTwice(true)).broken).toEqual([]);
    expect(judge(processedTwice(false)).broken).toEqual(["outcome-unknown-set"]);
  });

  it("may be true for a first delivery if Redis restarted since the message was stored", () => {
    const first = (sentAt: number) =>
      new Story()
        .send("m", { at: sentAt })
        .deliver("m", { at: AT + 9_000, unknown: true })
        .ack("m-1", "succeeded", { at: AT + 9_010 });
    expect(judge(first(AT - 5_000)).broken).toEqual([]);
    expect(judge(first(AT + 8_000)).broken).toEqual(["outcome-unknown-clear"]);
    expect(
      first(AT - 5_000)
        .fault("kill-server", AT)
        .broken(),
    ).toEqual(["outcome-unknown-clear"]);
  });
});

describe("if sends are answered when a replica has them", () => {
  const kept = { ...ALLOW, keepsSends: true };

  it("an acknowledged send is never lost", () => {
    const { story } = stories["a send"]?.(100) ?? { story: new Story() };
    expect(judge(story, kept).broken).toContain("not-lost");
  });

  it("later writes may be lost", () => {
    for (const name of ["the end of a message that is delivered again", "two claims"]) {
      const { story, rule } = stories[name]?.(100) ?? { story: new Story(), rule: "" };
      const { broken, forgotten } = judge(story, kept);
      expect([broken, forgotten]).toEqual([[], expect.arrayContaining([rule])]);
    }
  });

  it("an unanswered send may be lost, even if it was delivered", () => {
    const story = new Story()
      .send("m", { at: AT - 100, answer: "none" })
      .deliver("m", { at: AT - 50 });
    const { broken, forgotten } = judge(story, kept);
    expect(broken).not.toContain("not-lost");
    expect(forgotten).toContain("not-lost");
  });
});

describe("a move by a rule that a rollback undid", () => {
  const queueIs = (queue: string) => ({ over: { queue } });
  const name = "m.moved.h1";

  it("is forgotten with the claim after it, though another outcome counts now", () => {
    const moved = (claimedAt: number) => {
      const story = new Story("orders").send(name, { plan: "fail1", at: claimedAt - 400 });
      story.deliver(name, { at: claimedAt - 300 });
      story.ack(`${name}-1`, "failed", { at: claimedAt - 100, dueAt: claimedAt - 10 });
      story.deliver(name, { at: claimedAt, number: 2, attempt: 2, ...queueIs("diverted") });
      // After the rollback.
      story.ack(`${name}-1`, "released", { at: AT + 1_200, dueAt: AT + 2_250 });
      story.deliver(name, { at: AT + 5_000, number: 4, unknown: true });
      story.ack(`${name}-4`, "succeeded", { at: AT + 5_010 });
      return judge(story);
    };
    expect(moved(AT - 50).forgotten).toContain("in-place");
    expect(moved(AT - 50).broken).not.toContain("in-place");
    expect(moved(AT - 2_000).broken).toContain("in-place");
  });
});
