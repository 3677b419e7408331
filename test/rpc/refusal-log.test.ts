import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RefusalLog } from "../../src/rpc/refusal-log.ts";
import { errorOf } from "./in-memory.ts";
import { startServer } from "./sockets.ts";

const REFUSED = { method: "Stats", why: "no token" };

describe("the log of refused calls", () => {
  let lines: { address?: string; count?: number }[];
  let log: RefusalLog;
  beforeEach(() => {
    vi.useFakeTimers();
    lines = [];
    log = new RefusalLog({ write: (fields) => lines.push(fields), now: Date.now });
  });
  afterEach(() => void vi.useRealTimers());

  it("has at most one line a minute for an address, with the number of calls", () => {
    log.report(REFUSED, "a");
    log.report(REFUSED, "b");
    expect(lines).toMatchObject([
      { address: "a", count: 1 },
      { address: "b", count: 1 },
    ]);
    for (let second = 0; second < 300; second++) {
      log.report({ method: "Stats", why: "expired token", caller: "orders" }, "a");
      vi.advanceTimersByTime(1_000);
    }
    const of = (address: string) => lines.filter((line) => line.address === address);
    expect(of("b")).toHaveLength(1);
    expect(of("a").length).toBeLessThanOrEqual(6);
    expect(of("a").length).toBeGreaterThanOrEqual(5);
    expect(of("a").at(-1)).toMatchObject({
      method: "Stats",
      why: "expired token",
      caller: "orders",
    });
    vi.advanceTimersByTime(120_000);
    expect(of("a").reduce((sum, { count = 0 }) => sum + count, 0)).toBe(301);
    // Nothing is kept of an address that has stopped.
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is bounded for any number of addresses", () => {
    for (let n = 0; n < 10_000; n++) log.report(REFUSED, `10.0.${n >> 8}.${n & 255}`);
    vi.advanceTimersByTime(65_000);
    expect(lines).toHaveLength(102);
    expect(lines.at(-1)).toMatchObject({ address: "others", count: 9_899 });
  });
});

it("both ports log a refused call with its address and its reason", async () => {
  const { http, client, logged } = await startServer({ tokens: ["t1"] });
  await errorOf(client.stats({}));
  expect(logged).toEqual([
    {
      message: "calls refused: no valid token",
      fields: {
        address: "127.0.0.1",
        method: "dlq.v1.DlqService/Stats",
        why: "no token",
        caller: undefined,
        count: 1,
      },
    },
  ]);
  const other = await startServer({ tokens: ["t1"] });
  const headers = { "content-type": "application/json", authorization: "Bearer t2" };
  const url = `http://${other.http}/dlq.v1.DlqService/Ack`;
  expect((await fetch(url, { method: "POST", headers, body: "{}" })).status).toBe(401);
  expect(other.logged).toMatchObject([
    { fields: { address: "127.0.0.1", method: "dlq.v1.DlqService/Ack", why: "unknown token" } },
  ]);
  expect(JSON.stringify(other.logged)).not.toContain("t2");
  expect((await fetch(`http://${http}/livez`)).status).toBe(200);
});
