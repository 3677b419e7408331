import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { beforeEach, expect, test } from "vitest";
import { DlqAdminService } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { BreakerState } from "../../gen/dlq/v1/state_pb.ts";
import { createRig, errorOf, type Rig, transportOf, violationsOf } from "./in-memory.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
const admin = () => createClient(DlqAdminService, transportOf(rig));

test("open breakers are listed with their times", async () => {
  rig.deliveryBlocks.open = [
    { key: "h", state: "OPEN", openSinceMs: 1_000, retryAtMs: 6_000, openedCount: 2 },
    { key: "", state: "HALF_OPEN", openSinceMs: 2_000, retryAtMs: undefined, openedCount: 1 },
  ];
  const { breakers } = await admin().listBreakers({ queue: "q" });
  expect(breakers.map(({ key, state, openedCount }) => ({ key, state, openedCount }))).toEqual([
    { key: "h", state: BreakerState.OPEN, openedCount: 2 },
    { key: "", state: BreakerState.HALF_OPEN, openedCount: 1 },
  ]);
  expect(breakers[1]?.retryTime).toBeUndefined();
  expect(breakers[0]?.openSince && timestampMs(breakers[0].openSince)).toBe(1_000);
  expect(breakers[0]?.retryTime && timestampMs(breakers[0].retryTime)).toBe(6_000);
});

test("a breaker is closed by hand, with its key cut as in the store", async () => {
  rig.deliveryBlocks.open = [
    { key: "x".repeat(128), state: "OPEN", openSinceMs: 1, retryAtMs: 2, openedCount: 1 },
  ];
  expect(await admin().resetBreaker({ queue: "q", key: "x".repeat(200) })).toMatchObject({
    wasOpen: true,
  });
  expect(await admin().resetBreaker({ queue: "q" })).toMatchObject({ wasOpen: false });
});

test("a held ordering key is released, and the blocking message is returned", async () => {
  expect(await admin().releaseOrderingKey({ queue: "q", orderingKey: "k" })).toMatchObject({
    released: false,
    heldBy: "",
  });
  rig.deliveryBlocks.heldBy = new Uint8Array(16).fill(1);
  expect(await admin().releaseOrderingKey({ queue: "q", orderingKey: "k" })).toMatchObject({
    released: true,
    heldBy: "01010101-0101-0101-0101-010101010101",
  });
});

test("every wrong field is reported", async () => {
  const error = await errorOf(admin().releaseOrderingKey({ queue: "no queue" }));
  expect(error.code).toBe(Code.InvalidArgument);
  expect(violationsOf(error).map(({ field }) => field)).toEqual(["queue", "ordering_key"]);
  const long = await errorOf(admin().resetBreaker({ queue: "q", key: "x".repeat(5_000) }));
  expect(violationsOf(long).map(({ field }) => field)).toEqual(["key"]);
});
