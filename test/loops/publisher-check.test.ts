import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { PublisherCheck } from "../../src/loops/publisher-check.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** NATS whose answer a test chooses. */
function start() {
  const lines: [string, object][] = [];
  const add = (facts: object, message: string) => void lines.push([message, facts]);
  const nats: { error: string | undefined } = { error: undefined };
  const check = new PublisherCheck({
    check: async () => {
      if (nats.error !== undefined) throw new Error(nats.error);
    },
    target: { servers: ["nats:4222"] },
    log: { warn: add, info: add },
  });
  const next = () => vi.advanceTimersByTimeAsync(5_000);
  return { lines, nats, check, next };
}

const UP = "connected to NATS: events are published";
const DOWN = "NATS takes no events; retrying every 5 s";

it("logs each reason once, and how long the outage was", async () => {
  const { lines, nats, check, next } = start();
  nats.error = "refused";
  check.start();
  await next();
  expect(check.error?.message).toBe("refused");
  nats.error = "wrong password";
  await next();
  await next();
  nats.error = undefined;
  await next();
  await next();
  expect(check.error).toBeUndefined();
  expect(lines).toEqual([
    [DOWN, { error: "refused" }],
    [DOWN, { error: "wrong password" }],
    [UP, { servers: ["nats:4222"], outageMs: 20_000 }],
  ]);
  await check.stop();
});

it("knows nothing before the first answer, and logs no outage then", async () => {
  const { lines, check, next } = start();
  expect(check.error?.message).toBe("the server is not connected to NATS yet");
  check.start();
  await next();
  expect(lines).toEqual([[UP, { servers: ["nats:4222"] }]]);
  await check.stop();
});

it("logs a reason that lasts again every 10 minutes", async () => {
  const { lines, nats, check } = start();
  nats.error = "refused";
  check.start();
  await vi.advanceTimersByTimeAsync(25 * 60_000);
  const down = [DOWN, { error: "refused" }];
  expect(lines).toEqual([down, down, down]);
  await check.stop();
});

it("does not log that it is stopped", async () => {
  const { lines, nats, check } = start();
  nats.error = "the connection ended";
  check.start();
  await check.stop();
  expect(lines).toEqual([]);
});
