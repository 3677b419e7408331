import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { HistoryEvent } from "../history/event.ts";
import { checkHistory } from "./check-history.ts";
import { Story } from "./story.ts";

const sent = () => new Story().send("m");
const done = () => sent().deliver("m", { at: 10 }).ack("m-1", "succeeded", { at: 20 });

describe("a history is incomplete if it", () => {
  const request = "never made";
  const stream = "never opened";
  const cases: Record<string, (story: Story) => unknown> = {
    "answers a send that was not sent": (story) =>
      story.write("producer", { e: "unsent", at: 1, request, code: "OOPS", refused: true }),
    "acknowledges a send that was not sent": (story) =>
      story.write("producer", { e: "sent", at: 1, request, id: "x", state: "SCHEDULED", dueAt: 1 }),
    "answers an ack that was not sent": (story) =>
      story.write("worker", { e: "acked", at: 1, request, results: [] }),
    "fails an ack that was not sent": (story) =>
      story.write("worker", { e: "unacked", at: 1, request, code: "OOPS", refused: false }),
    "answers an extension that was not sent": (story) =>
      story.write("worker", { e: "extended", at: 1, request, leases: [] }),
    "fails an extension that was not sent": (story) =>
      story.write("worker", { e: "unextended", at: 1, request, code: "OOPS" }),
    "closes a stream that was not opened": (story) =>
      story.write("worker", { e: "closed", at: 1, stream, why: "end" }),
    "opens a stream twice": (story) =>
      story.write("worker", {
        e: "opened",
        at: 1,
        stream: "stream",
        session: "s",
        leaseMs: 1,
        leasesHeld: 0,
      }),
    "continues after its end": (story) =>
      story.write("worker", { e: "ended", at: 30 }).write("worker", { e: "ended", at: 31 }),
    "starts twice": (story) =>
      story.write("worker", {
        e: "started",
        at: 30,
        actor: "w",
        role: "worker",
        language: "python",
      }),
    "does not start": (story) => story.write("nobody", { e: "ended", at: 30 }),
    "starts as another actor": (story) =>
      story.write("copy", {
        e: "started",
        at: 30,
        actor: "worker",
        role: "worker",
        language: "python",
      }),
    "sends a source under two requests": (story) =>
      story.send("m", { at: 30, request, answer: "none" }),
    "sends two sources under one request": (story) =>
      story.send("n", { at: 30, request: "send-m", answer: "none" }),
    "repeats a request with other outcomes": (story) =>
      story
        .ack("m-1", "succeeded", { at: 30, request: "r", answer: "NOT_FOUND" })
        .ack("m-1", "discarded", { at: 40, request: "r", answer: "NOT_FOUND" }),
    "has fewer answers than outcomes": (story) =>
      story
        .write("worker", {
          e: "acking",
          at: 30,
          request,
          outcomes: [{ token: "m-1", outcome: "failed" }],
        })
        .write("worker", { e: "acked", at: 31, request, results: [] }),
    "acknowledges a message that was never delivered": (story) =>
      story.ack("nobody's", "failed", { at: 30, answer: "NOT_FOUND" }),
    "receives a delivery before it was issued": (story) =>
      story
        .send("n")
        .deliver("n", { at: 50, over: { expires: 9e15 } })
        .ack("n-1", "succeeded", { at: 60 }),
  };
  for (const [title, write] of Object.entries(cases)) {
    it(title, () => {
      const story = done();
      expect(story.broken()).toEqual([]);
      write(story);
      expect(story.broken()).toContain("history-whole");
    });
  }

  it("has a delivery without a stream", () => {
    expect(sent().deliver("m", { at: 10, stream }).broken()).toContain("history-whole");
  });

  it("has an outcome before its token was issued", () => {
    const story = (at: number) => sent().ack("m-1", "succeeded", { at }).deliver("m", { at: 50 });
    expect(story(55).broken()).toEqual([]);
    expect(story(30).broken()).toEqual(["history-whole"]);
  });

  it("has a fault without an end", () => {
    const story = done().fault("failover", 10);
    expect(story.broken()).toEqual([]);
    story.faults.splice(1, 1); // the end of the fault
    expect(story.broken()).toEqual(["history-whole"]);
  });
});

describe("a history on disk", () => {
  const check = async (story: Story, cut = 0) => {
    const folder = await mkdtemp(join(tmpdir(), "dlq-history-"));
    try {
      const files: string[] = [];
      for (const [name, events] of story.events) {
        const text = events.map((event: HistoryEvent) => `${JSON.stringify(event)}\n`).join("");
        files.push(join(folder, name));
        await writeFile(join(folder, name), text.slice(0, text.length - cut));
      }
      // In both orders.
      const reports = [];
      for (const order of [files, files.toReversed()]) {
        reports.push(await checkHistory({ files: order, snapshot: story.snapshot, faults: [] }));
      }
      return reports;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };

  it("may be read in any order", async () => {
    for (const { violations, counts } of await check(done())) {
      expect(violations).toEqual([]);
      expect(counts).toMatchObject({ files: 3, cutFiles: 0, lines: 10, messages: 1, applied: 1 });
    }
  });

  it("may end in the middle of a line, and its last call may have had an effect", async () => {
    for (const { violations, counts } of await check(done(), 5)) {
      expect(violations).toEqual([]);
      expect(counts).toMatchObject({ cutFiles: 3, messages: 1, applied: 0, unanswered: 1 });
    }
  });

  it("must exist", async () => {
    await expect(checkHistory({ files: [], snapshot: [], faults: [] })).rejects.toThrow(
      "no histories",
    );
  });

  it("may have fractions of milliseconds", async () => {
    const story = sent().deliver("m", { at: 10.25 }).ack("m-1", "succeeded", { at: 20.5 });
    for (const { violations } of await check(story)) expect(violations).toEqual([]);
  });
});
