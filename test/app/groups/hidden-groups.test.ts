// A group whose messages, or whose latest failure, are in a queue that redacts is described by reason and type alone.

import { expect, it } from "vitest";
import { createGroupAdmin } from "../../../src/app/groups/group-admin.ts";
import { encodeGroupDescription } from "../../../src/codec/group.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../../src/core/settings.ts";
import type { StoredGroup } from "../../../src/store/contract.ts";

const PARTS = {
  ...({ reason: "TIMEOUT", type: "StatusError [gRPC 14] [tenant-4711]" } as const),
  ...{ message: "no answer for Robert Miller", frame: "billing/bob.py in charge" },
};

const part = (partition: number, queue: string, stored: readonly string[]): StoredGroup => ({
  ...{ partition, digest: "01".repeat(16), status: "OPEN", changedAtMs: undefined },
  archive: undefined,
  ...{ regressedAtMs: undefined, firstFailureAtMs: 1, lastFailureAtMs: 2, failureCount: 1 },
  latest: () => ({ id: new Uint8Array(16), queue }),
  stored: stored.map((name) => ({ queue: name, count: 1 })),
});

/** The description that operators see of a group with these parts; the queue `hidden` redacts. */
async function described(groups: readonly StoredGroup[], fingerprint = "") {
  const description = encodeGroupDescription({ ...PARTS, fingerprint });
  const store = {
    groups: {
      list: async () => ({ nowMs: 3, groups: [...groups], otherCount: 0 }),
      details: async <Group>(asked: readonly Group[]) =>
        new Map(asked.map((one) => [one, { description, note: new Uint8Array(), trend: [] }])),
      set: async () => 1,
      trim: async () => {},
    },
    messageReads: { listed: async () => [undefined] },
  };
  const redact = (queue: string) => (queue === "hidden" ? ["attribute:card"] : []);
  const admin = createGroupAdmin({
    store: store as unknown as Parameters<typeof createGroupAdmin>[0]["store"],
    settingsOf: (queue) => ({ ...DEFAULT_QUEUE_SETTINGS, redact: redact(queue) }),
    log: { isLevelEnabled: () => false, debug() {}, info() {}, warn() {} },
  });
  const { group } = await admin.get("01".repeat(16), undefined);
  return group.description;
}

const HIDDEN = { reason: "TIMEOUT", type: "StatusError", message: "", frame: "" };

it.each<[string, readonly StoredGroup[]]>([
  ["messages are in a queue that redacts", [part(1, "open", ["hidden"])]],
  ["messages are in such a queue and in others", [part(1, "open", ["open", "hidden", "other"])]],
  [
    "messages are in such a queue of another partition",
    [part(1, "a", ["a"]), part(2, "b", ["hidden"])],
  ],
  ["latest failure is of such a queue", [part(1, "hidden", ["open"])]],
])("a group whose %s", async (_, groups) => {
  expect(await described(groups)).toEqual(HIDDEN);
  expect(await described(groups, "declined-Robert Miller")).toEqual(HIDDEN);
});

it("other groups are described in full", async () => {
  expect(await described([part(1, "open", ["open", "other"])])).toMatchObject(PARTS);
});
