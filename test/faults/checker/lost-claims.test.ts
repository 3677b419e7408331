import { describe, expect, it } from "vitest";
import { Story } from "./story.ts";

/** Failed on its first delivery; then so many claims were received by nobody. */
const lost = (claims: number) =>
  new Story()
    .send("m", { plan: "fail1" })
    .deliver("m", { at: 10 })
    .ack("m-1", "failed", { at: 20 })
    .deliver("m", { at: 9_000, number: 2 + claims, attempt: 2 })
    .ack(`m-${2 + claims}`, "succeeded", { at: 9_010 });

describe("claims that nobody received", () => {
  it("are explained by a fault at their time", () => {
    expect(lost(1).broken()).toEqual(["claims-lost"]);
    const near = (at: number) => lost(1).fault("kill-server", at).broken();
    expect(near(5_000)).toEqual([]);
    expect(near(9_001)).toEqual(["claims-lost"]);
  });

  it("also when a stream is found dead after the fault", () => {
    const dead = (at: number) => {
      const story = new Story().send("m", { at: 10_000 }).fault("half-open", at);
      story.deliver("m", { at: 13_000, number: 2 }).ack("m-2", "succeeded", { at: 13_010 });
      return story.broken();
    };
    // It was over a second after its beginning, and noticed three later.
    expect(dead(6_010)).toEqual([]);
    expect(dead(5_990)).toEqual(["claims-lost"]);
  });

  it("are not many of one message, whatever fault is near", () => {
    expect(lost(3).fault("reset", 5_000).broken()).toEqual([]);
    expect(lost(38).fault("reset", 5_000).broken()).toEqual(["claims-lost"]);
  });

  it("may be one of ten thousand deliveries without a fault", () => {
    const among = (deliveries: number) => {
      const story = lost(1);
      for (let n = 1; n <= deliveries - 2; n++) {
        const source = `other-${n}`;
        story.send(source).deliver(source, { at: 10 }).ack(`${source}-1`, "succeeded", { at: 20 });
      }
      return story.report();
    };
    expect(among(10_000).violations).toEqual([]);
    expect(among(10_000).counts.lostInCalm).toBe(1);
    expect(among(9_999).violations).toHaveLength(1);
  });
});
