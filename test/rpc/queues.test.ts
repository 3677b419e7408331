import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { beforeEach, describe, expect, test } from "vitest";
import { DlqAdminService } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { QueueConfigSchema } from "../../gen/dlq/v1/queue_pb.ts";
import { createRig, errorOf, type Rig, transportOf, violationsOf } from "./in-memory.ts";

let rig: Rig;
const admin = () => createClient(DlqAdminService, transportOf(rig));
beforeEach(async () => {
  rig = await createRig();
});

type Update = Parameters<ReturnType<typeof admin>["updateQueue"]>[0];
async function update(config: NonNullable<Update["queue"]>["config"], ...paths: string[]) {
  const queue = { name: "orders", ...(config === undefined ? {} : { config }) };
  const answer = await admin().updateQueue({ queue, updateMask: { paths } });
  return answer.queue?.config;
}
const ttl = (seconds: number) => durationFromMs(seconds * 1_000);

describe("a field mask", () => {
  test("replaces only its fields", async () => {
    await update({ ttl: ttl(60), maxRetries: 3 });
    const config = await update({ ttl: ttl(70), maxRetries: 4 }, "ttl");
    expect(config).toMatchObject({ ttl: ttl(70), maxRetries: 3 });
  });

  test("clears fields that are not given", async () => {
    await update({ ttl: ttl(60), maxRetries: 3 });
    const config = await update({}, "ttl");
    expect(config?.ttl).toBeUndefined();
    expect(config?.maxRetries).toBe(3);
    expect((await update(undefined, "max_retries"))?.maxRetries).toBeUndefined();
  });

  test("that is empty means all given fields, each as a whole", async () => {
    await update({ ttl: ttl(60), retryPolicy: { initialDelay: ttl(1), maxRetries: 3 } });
    const config = await update({ retryPolicy: { maxRetries: 4 } });
    expect(config?.ttl).toEqual(ttl(60));
    expect(config?.retryPolicy).toMatchObject({ maxRetries: 4 });
    expect(config?.retryPolicy?.initialDelay).toBeUndefined();
  });

  test("can name a field of a message", async () => {
    await update({ retryPolicy: { initialDelay: ttl(1), maxRetries: 3 } });
    const config = await update({ retryPolicy: { maxRetries: 4 } }, "retry_policy.max_retries");
    expect(config?.retryPolicy).toMatchObject({ initialDelay: ttl(1), maxRetries: 4 });
    const rest = await update({}, "retry_policy.max_retries", "retry_policy.initial_delay");
    expect(rest?.retryPolicy).toBeUndefined();
  });

  test("* replaces everything", async () => {
    await update({ ttl: ttl(60), maxRetries: 3, retryPolicies: { TIMEOUT: { maxRetries: 1 } } });
    const config = await update({ maxRetries: 4 }, "*");
    expect(config?.ttl).toBeUndefined();
    expect(config?.retryPolicies).toEqual({});
    expect(config?.maxRetries).toBe(4);
  });

  test.each([
    ["nonsense", "allowed: *, retry_policy, retry_policies, max_retries"],
    ["config.ttl", "allowed: *, retry_policy"],
    ["ttl.seconds", "has no subfields; use ttl"],
    ["retry_policy.nonsense", "allowed: retry_policy, retry_policy.preset"],
    ["retry_policies.TIMEOUT", "has no subfields; use retry_policies"],
    ["", "allowed: *"],
  ])("with %j is refused, with the allowed fields", async (path, words) => {
    const error = await errorOf(update({}, "ttl", path));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(violationsOf(error)).toMatchObject([{ field: "update_mask.paths[1]" }]);
    expect(violationsOf(error)[0]?.description).toContain(words);
    expect(rig.queues.configs.size).toBe(0);
  });
});

describe("an update", () => {
  test("with errors is refused with every wrong field, and nothing is set", async () => {
    const error = await errorOf(
      update({ ttl: ttl(-1), maxRetries: 5_000, retryPolicies: { X: {} } }),
    );
    expect(error.code).toBe(Code.InvalidArgument);
    expect(
      violationsOf(error)
        .map(({ field }) => field)
        .toSorted(),
    ).toEqual(["queue.config.max_retries", 'queue.config.retry_policies["X"]', "queue.config.ttl"]);
    expect(rig.queues.configs.size).toBe(0);
  });

  test("of non-retryable types is stored", async () => {
    const { queue } = await admin().updateQueue({
      queue: { name: "orders", config: { nonRetryable: { types: ["ValueError"] } } },
    });
    expect(queue?.config?.nonRetryable?.types).toEqual(["ValueError"]);
  });

  test("is not refused because of fields that another version has set", async () => {
    rig.queues.configs.set("orders", {
      ...(await update({ ttl: ttl(60) })),
      ttlAction: 99,
    } as never);
    expect(await update({ maxRetries: 2 })).toMatchObject({ maxRetries: 2, ttlAction: 99 });
    expect(violationsOf(await errorOf(update({ ttlAction: 99 as never })))).toMatchObject([
      { field: "queue.config.ttl_action" },
    ]);
  });

  test("with a field of another version is refused", async () => {
    const config = create(QueueConfigSchema, { maxRetries: 2 });
    config.$unknown = [{ no: 900, wireType: 0, data: Uint8Array.of(7) }];
    const answer = await update(config, "*");
    expect(answer).toMatchObject({ maxRetries: 2 });
    expect(answer?.$unknown ?? []).toEqual([]);
  });

  test.each(["", "no name", "a".repeat(129)])("of a queue %j is refused", async (name) => {
    const error = await errorOf(admin().updateQueue({ queue: { name } }));
    expect(violationsOf(error)).toMatchObject([{ field: "queue.name" }]);
  });
});

test("a queue is returned with stored and effective configuration and its time", async () => {
  await update({ ttl: ttl(60) });
  const { queue } = await admin().getQueue({ queue: "orders" });
  expect(queue).toMatchObject({
    name: "orders",
    etag: "e",
    exists: false,
    config: { ttl: ttl(60) },
  });
  expect(queue?.effectiveConfig).toMatchObject({ poisonThreshold: 5, maxMessages: 0n });
  expect(queue?.updateTime && timestampMs(queue.updateTime)).toBe(1_000);
});

describe("a deletion", () => {
  test("without a count expects an empty queue", async () => {
    expect((await admin().deleteQueue({ queue: "orders" })).deletedCount).toBe(3n);
    await admin().deleteQueue({ queue: "orders", expectedCount: 7n, etag: "e" });
    expect(rig.queues.deleted).toEqual([
      { queue: "orders", expectedCount: 0, etag: "" },
      { queue: "orders", expectedCount: 7, etag: "e" },
    ]);
  });

  test.each([
    ["a wrong name", { queue: "no name" }, "queue"],
    ["a negative count", { queue: "orders", expectedCount: -1n }, "expected_count"],
  ])("with %s is refused", async (_, request, field) => {
    expect(violationsOf(await errorOf(admin().deleteQueue(request)))).toMatchObject([{ field }]);
  });
});

describe("a list", () => {
  test("continues at its token", async () => {
    await update({ ttl: ttl(60) });
    rig.queues.next = "orders";
    const { queues, nextPageToken } = await admin().listQueues({});
    expect(queues).toMatchObject([{ name: "orders" }]);
    rig.queues.next = undefined;
    const last = await admin().listQueues({ pageToken: nextPageToken, pageSize: 7 });
    expect(last.nextPageToken).toBe("");
    expect(rig.queues.pages).toEqual([
      { pageSize: 100, after: "" },
      { pageSize: 7, after: "orders" },
    ]);
  });

  test("ends a page of many bytes early, and never without a queue", async () => {
    const sizes = [200, 200, 200, 2_000, 1].map((kib) => kib * 1024);
    sizes.forEach((bytes, n) => {
      const pause = { paused: true, reason: "x".repeat(bytes) };
      rig.queues.configs.set(`q${n}`, create(QueueConfigSchema, { pause }));
    });
    const pages: string[][] = [];
    let pageToken = "";
    do {
      const { queues, nextPageToken } = await admin().listQueues({ pageToken });
      pages.push(queues.map(({ name }) => name));
      pageToken = nextPageToken;
    } while (pageToken !== "");
    expect(pages).toEqual([["q0", "q1"], ["q2"], ["q3"], ["q4"]]);
  });

  test.each([
    [{ pageSize: 1_001 }, "page_size"],
    [{ pageToken: "!" }, "page_token"],
  ])("of %j is refused", async (request, field) => {
    expect(violationsOf(await errorOf(admin().listQueues(request)))).toMatchObject([{ field }]);
  });
});

test("ListWorkers lists who holds the oldest message first", async () => {
  const sessionId = (n: number) => new Uint8Array(16).fill(n);
  const ended = {
    queue: "orders",
    workerId: undefined,
    server: undefined,
    isOpen: false,
    maxInFlight: 0,
    quiet: true,
  };
  const open = {
    queue: "invoices",
    workerId: "w",
    server: "s-1",
    isOpen: true,
    maxInFlight: 5,
    quiet: false,
  };
  rig.workers.streams = [
    { ...open, sessionId: sessionId(1), held: 0, oldestSinceMs: undefined },
    { ...open, sessionId: sessionId(2), held: 2, oldestSinceMs: 9_000, quiet: true },
    { ...ended, sessionId: sessionId(3), held: 1, oldestSinceMs: 5_000 },
  ];
  const { workers } = await admin().listWorkers({ queue: "orders" });
  expect(workers).toMatchObject([
    {
      queue: "orders",
      workerId: "",
      server: "",
      connected: false,
      maxInFlight: 0,
      inFlightCount: 1n,
      quiet: false,
    },
    {
      workerId: "w",
      server: "s-1",
      connected: true,
      maxInFlight: 5,
      inFlightCount: 2n,
      quiet: true,
    },
    { inFlightCount: 0n, quiet: false },
  ]);
  const since = workers.map((one) => one.oldestDeliveryTime && timestampMs(one.oldestDeliveryTime));
  expect(since).toEqual([5_000, 9_000, undefined]);
  expect(workers[0]?.sessionId).toBe("03030303-0303-0303-0303-030303030303");
});

test("a queue with very many workers says how many it has", async () => {
  const one = { workerId: "w", server: "s", isOpen: true, maxInFlight: 1, quiet: false, held: 0 };
  const streams = {
    ...one,
    queue: "orders",
    sessionId: new Uint8Array(16),
    oldestSinceMs: undefined,
  };
  rig.workers.streams = Array.from({ length: 1_001 }, () => streams);
  const { workers, totalCount } = await admin().listWorkers({ queue: "orders" });
  expect([workers.length, totalCount]).toEqual([1_000, 1_001n]);
});

test("QuietWorker makes a worker quiet, unless the request says otherwise", async () => {
  const sessionId = "01900000-0000-7000-8000-000000000001";
  rig.workers.sessions.add(sessionId);
  expect((await admin().quietWorker({ sessionId })).changed).toBe(true);
  expect((await admin().quietWorker({ sessionId, quiet: true })).changed).toBe(false);
  expect((await admin().quietWorker({ sessionId, quiet: false })).changed).toBe(true);
  const unknown = "01900000-0000-7000-8000-000000000002";
  const error = await errorOf(admin().quietWorker({ sessionId: unknown }));
  expect(error.code).toBe(Code.NotFound);
  expect(error.rawMessage).toContain("ListWorkers");
  const bad = await errorOf(admin().quietWorker({ sessionId: "billing-1" }));
  expect(violationsOf(bad).map(({ field }) => field)).toEqual(["session_id"]);
});

test("BreakLease says whom the message was taken from", async () => {
  const id = "01900000-0000-7000-8000-000000000001";
  expect(await admin().breakLease({ queue: "orders", id })).toMatchObject({
    ...{ broken: false, workerId: "" },
  });
  rig.workers.lease = {
    ...{ sessionId: new Uint8Array(16), deliveryNumber: 2 },
    ...{ heldMs: 90_000, workerId: "billing-1" },
  };
  expect(await admin().breakLease({ queue: "orders", id })).toMatchObject({
    ...{ broken: true, workerId: "billing-1", held: durationFromMs(90_000) },
  });
  expect(rig.workers.broken).toMatchObject([{ queue: "orders" }, { queue: "orders" }]);
  const error = await errorOf(admin().breakLease({ queue: "orders", id: "7" }));
  expect(violationsOf(error).map(({ field }) => field)).toEqual(["id"]);
});
