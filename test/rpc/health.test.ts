import { Code, createClient } from "@connectrpc/connect";
import { describe, expect, it, onTestFinished, vi } from "vitest";
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

  it("ends after an hour", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { readiness, health } = await setUp();
    const watch = health.watch({})[Symbol.asyncIterator]();
    await watch.next();
    const next = watch.next();
    await vi.advanceTimersByTimeAsync(60 * 60_000);
    expect(await next).toMatchObject({ done: true });
    expect(readiness.listeners).toBe(0);
  });

  it("has a limit for callers without a token, and none for others", async () => {
    const rig = await createRig({ tokens: ["t1"] });
    const controller = new AbortController();
    onTestFinished(() => controller.abort());
    const health = createClient(Health, transportOf(rig));
    const open = async (headers: Record<string, string> = {}) => {
      const options = { signal: controller.signal, headers };
      const stream = health.watch({}, options)[Symbol.asyncIterator]();
      expect((await stream.next()).value?.status).toBe(Status.SERVING);
      return stream;
    };
    const first = await open();
    for (let stream = 1; stream < 1_024; stream++) await open();
    await open({ authorization: "Bearer t1" });
    expect(rig.readiness.listeners).toBe(1_025);
    // A further one takes the place of the first.
    await open();
    const error = await errorOf(first.next());
    expect(error.code).toBe(Code.ResourceExhausted);
    expect(error.message).toContain("1024 streams of Health.Watch");
    expect(rig.readiness.listeners).toBe(1_025);
    controller.abort();
    await vi.waitFor(() => expect(rig.readiness.listeners).toBe(0));
  });
});
