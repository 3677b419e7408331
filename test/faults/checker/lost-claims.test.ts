import { describe, expect, it } from "vitest";
import { RunClock } from "./clock.ts";
import { FaultTimes } from "./fault-times.ts";
import { Findings } from "./findings.ts";
import { Message, Source } from "./ledger.ts";
import { ReportedOutages } from "./reported-outages.ts";
import { Rollbacks } from "./rollbacks.ts";
import { LostClaims } from "./rules/lost-claims.ts";
import { Story } from "./story.ts";

/** A message that failed on its first delivery. No worker received the next `claims` ones. */
const lost = (claims: number) =>
  new Story()
    .send("m", { plan: "fail1" })
    .deliver("m", { at: 10 })
    .ack("m-1", "failed", { at: 20 })
    .deliver("m", { at: 9_000, number: 2 + claims, attempt: 2 })
    .ack(`m-${2 + claims}`, "succeeded", { at: 9_010 });

describe("claims that no worker received", () => {
  it("are explained by a fault at their time", () => {
    expect(lost(1).broken()).toEqual(["claims-lost"]);
    const near = (at: number) => lost(1).fault("kill-server", at).broken();
    expect(near(5_000)).toEqual([]);
    expect(near(9_001)).toEqual(["claims-lost"]);
  });

  it("are explained if a stream is detected as broken after the fault", () => {
    const dead = (kind: string, ago: number) => {
      const story = new Story().send("m", { at: 50_000 }).fault(kind, 49_000 - ago);
      story.deliver("m", { at: 53_000, number: 2 }).ack("m-2", "succeeded", { at: 53_010 });
      return story.broken();
    };
    expect(dead("connection-resets", 2_990)).toEqual([]);
    expect(dead("connection-resets", 3_010)).toEqual(["claims-lost"]);
    // The server detects silent connections by PINGs.
    expect(dead("script-flush+half-open-client-links", 32_990)).toEqual([]);
    expect(dead("script-flush+half-open-client-links", 33_010)).toEqual(["claims-lost"]);
  });

  it("are explained, one per message, if an actor got UNAVAILABLE at that time", () => {
    const claimsAt = (at: number, claims = 1, code = "UNAVAILABLE") =>
      lost(claims)
        .write("producer", { e: "unsent", at, request: "send-m", code, refused: false })
        .broken()
        .filter((rule) => rule === "claims-lost");
    expect(claimsAt(5_000)).toEqual([]);
    expect(claimsAt(9_900)).toEqual([]);
    expect(claimsAt(10_200)).toEqual(["claims-lost"]);
    expect(claimsAt(5_000, 2)).toEqual(["claims-lost"]);
    expect(claimsAt(5_000, 1, "DEADLINE_EXCEEDED")).toEqual(["claims-lost"]);
  });

  it("are limited for one message, even near a fault", () => {
    expect(lost(3).fault("reset", 5_000).broken()).toEqual([]);
    expect(lost(38).fault("reset", 5_000).broken()).toEqual(["claims-lost"]);
  });

  it("may be one in ten thousand deliveries without a fault", () => {
    const among = (deliveries: number) => {
      const clock = new RunClock();
      const findings = new Findings(new Rollbacks([], undefined, clock));
      const claims = new LostClaims(new FaultTimes([], clock), new ReportedOutages());
      const message = new Message("id", new Source("m", "ok"), 0);
      message.kept = {
        ...{ queue: "q", state: "SCHEDULED", quarantineReason: undefined },
        ...{ attempts: 0, number: 1 },
      };
      claims.take(message);
      claims.check(deliveries, findings);
      expect(claims.inCalm).toBe(1);
      return findings.violations.map(({ rule }) => rule);
    };
    expect(among(10_000)).toEqual([]);
    expect(among(9_999)).toEqual(["claims-lost"]);
  });
});
