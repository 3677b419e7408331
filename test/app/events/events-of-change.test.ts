import { describe, expect, it, test } from "vitest";
import { eventsOfChange } from "../../../src/app/events/events-of-change.ts";
import type { OutboxChange } from "../../../src/store/contract.ts";

const ID = Buffer.from("0190a5d0c8007abc8123456789abcdef", "hex");
const SCHEDULED: OutboxChange = {
  ...{ partition: 28, epochMs: 7, number: 12, atMs: 1_000, queue: "orders", kind: "SENT", id: ID },
  ...{ version: 1, state: "SCHEDULED", reason: "TIMEOUT", quarantineReason: undefined },
  ...{ attempts: 0, deliveryNumber: 0, dueAtMs: 2_000, note: "", fields: new Uint8Array() },
};
const gone = (state: OutboxChange["state"]) => ({ state, dueAtMs: undefined });
const QUARANTINED = { state: "QUARANTINED", quarantineReason: "POISON" } as const;

describe("a change is named after what happened, and then after where the message went", () => {
  it.each<[string, Partial<OutboxChange>, string[]]>([
    ["a send", {}, ["message_added", "retry_scheduled"]],
    ["a send into quarantine", QUARANTINED, ["message_added", "moved_to_poison"]],
    ["a joined failure", { kind: "JOINED" }, []],
    ["a joined failure of a quarantined message", { kind: "JOINED", ...QUARANTINED }, []],
    ["a delivery", { kind: "CLAIMED", state: "IN_FLIGHT" }, ["delivered"]],
    ["a success", { kind: "SUCCEEDED", ...gone("SUCCEEDED") }, ["retry_success"]],
    [
      "a success with a joined failure",
      { kind: "SUCCEEDED" },
      ["retry_success", "retry_scheduled"],
    ],
    ["a failed attempt", { kind: "FAILED" }, ["retry_failed", "retry_scheduled"]],
    [
      "the last failed attempt",
      { kind: "FAILED", ...QUARANTINED },
      ["retry_failed", "moved_to_poison"],
    ],
    [
      "a failed attempt that discards",
      { kind: "FAILED", ...gone("DISCARDED") },
      ["retry_failed", "discarded"],
    ],
    ["a failed attempt that moves", { kind: "FAILED", dueAtMs: undefined }, ["retry_failed"]],
    ["a worker's quarantine", { kind: "QUARANTINED", ...QUARANTINED }, ["moved_to_poison"]],
    ["a worker's discard", { kind: "DISCARDED", ...gone("DISCARDED") }, ["discarded"]],
    ["a release", { kind: "RELEASED" }, ["released"]],
    ["a return", { kind: "RETURNED" }, []],
    ["a lost lease", { kind: "LEASE_EXPIRED" }, ["lease_expired"]],
    [
      "a crash loop",
      { kind: "LEASE_EXPIRED", ...QUARANTINED },
      ["lease_expired", "moved_to_poison"],
    ],
    ["a life that ends", { kind: "EXPIRED_TTL", ...QUARANTINED }, ["expired", "moved_to_poison"]],
    ["a life that ends for good", { kind: "EXPIRED_TTL", ...gone("EXPIRED") }, ["expired"]],
    ["a quarantine that ends", { kind: "EXPIRED_RETENTION", ...gone("EXPIRED") }, ["expired"]],
    ["a retry", { kind: "RETRIED" }, ["retried"]],
    ["an edit in quarantine", { kind: "EDITED", ...QUARANTINED }, ["edited"]],
    ["a move to here", { kind: "MOVED_IN", note: "inbox" }, ["moved", "retry_scheduled"]],
    [
      "a move to quarantine here",
      { kind: "MOVED_IN", ...QUARANTINED },
      ["moved", "moved_to_poison"],
    ],
    ["a move away", { kind: "MOVED_OUT", note: "billing" }, ["moved_away"]],
    ["a refused move", { kind: "MOVE_REFUSED" }, ["retry_scheduled"]],
    ["a message that comes back", { kind: "UNDELETED" }, ["undeleted", "retry_scheduled"]],
    [
      "a message that comes back to quarantine",
      { kind: "UNDELETED", ...QUARANTINED },
      ["undeleted", "moved_to_poison"],
    ],
    ["a purge", { kind: "PURGED", ...gone("PURGED") }, ["purged"]],
    [
      "a new group of a quarantined message",
      { kind: "GROUP_OPENED", ...QUARANTINED },
      ["group_opened"],
    ],
    ["a kind of a newer version", { kind: undefined }, []],
  ])("%s", (_, over, types) => {
    expect(eventsOfChange({ ...SCHEDULED, ...over }, "0a1v9u").map(({ type }) => type)).toEqual(
      types,
    );
  });
});

test("each event has an id of its own, the same each time", () => {
  const ids = eventsOfChange(SCHEDULED, "0a1v9u").map(({ id }) => id);
  expect(ids).toEqual(["0a1v9u-1c-7-12", "0a1v9u-1c-7-12-2"]);
});

test("what a note means depends on the change", () => {
  const of = (over: Partial<OutboxChange>) =>
    eventsOfChange({ ...SCHEDULED, ...over }, "0a1v9u")[0];
  expect(of({ kind: "MOVED_IN", note: "inbox" })).toMatchObject({ otherQueue: "inbox", note: "" });
  const digest = "0123456789abcdef0123456789abcdef";
  expect(of({ kind: "GROUP_OPENED", note: digest })).toMatchObject({
    groupId: digest.slice(0, 16),
  });
  expect(of({ kind: "RELEASED", note: "busy" })).toMatchObject({ note: "busy" });
  const breaker = { kind: "BREAKER_OPENED", note: "host-1", id: new Uint8Array(16), attempts: 3 };
  expect(of(breaker as Partial<OutboxChange>)).toMatchObject({
    ...{ messageId: "", breakerKey: "host-1", attempts: 0, state: undefined, dueAtMs: 2_000 },
  });
});
