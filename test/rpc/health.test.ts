import { Code, createClient } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../../gen/health/v1/health_pb.ts";
import { createRig, errorOf, transportOf } from "./in-memory.ts";

async function setUp() {
  const rig = await createRig();
  return { readiness: rig.readiness, health: createClient(Health, transportOf(rig)) };
}

describe("Check", () => {
  it.each(["", "dlq.v1.DlqService", "dlq.v1.DlqAdminService"])(
    "returns the state of %j",
    async (service) => {
      const { readiness, health } = await setUp();
      expect((await health.check({ service })).status).toBe(Status.SERVING);
      readiness.set("NOT_SERVING");
      expect((await health.check({ service })).status).toBe(Status.NOT_SERVING);
    },
  );

  it("returns NOT_FOUND for other services", async () => {
    const { health } = await setUp();
    expect((await errorOf(health.check({ service: "x" }))).code).toBe(Code.NotFound);
  });
});

it("List returns all services", async () => {
  const { health } = await setUp();
  const { statuses } = await health.list({});
  expect(Object.keys(statuses).sort()).toEqual(["", "dlq.v1.DlqAdminService", "dlq.v1.DlqService"]);
});

describe("Watch", () => {
  it("sends the state at once, then each change, until the client disconnects", async () => {
    const { readiness, health } = await setUp();
    const controller = new AbortController();
    const watch = health.watch({}, { signal: controller.signal })[Symbol.asyncIterator]();
    expect((await watch.next()).value?.status).toBe(Status.SERVING);
    readiness.set("SERVING");
    readiness.set("NOT_SERVING");
    expect((await watch.next()).value?.status).toBe(Status.NOT_SERVING);
    readiness.set("SERVING");
    expect((await watch.next()).value?.status).toBe(Status.SERVING);
    expect(readiness.listeners).toBe(1);
    controller.abort();
    await errorOf(watch.next());
    await vi.waitFor(() => expect(readiness.listeners).toBe(0));
  });

  it("reports an unknown service once and stays open", async () => {
    const { readiness, health } = await setUp();
    const controller = new AbortController();
    const watch = health.watch({ service: "x" }, { signal: controller.signal });
    const it = watch[Symbol.asyncIterator]();
    expect((await it.next()).value?.status).toBe(Status.SERVICE_UNKNOWN);
    const next = it.next();
    let settled = false;
    next.then(
      () => (settled = true),
      () => (settled = true),
    );
    readiness.set("NOT_SERVING");
    // Any further state would have been sent in this turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).toBe(false);
    controller.abort();
    await errorOf(next);
  });
});
