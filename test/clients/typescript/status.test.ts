// What a program can ask its client: status and ping.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { startTestServer } from "../../support/server.ts";
import { clientOf, freePort } from "./client.ts";

const TOKEN = "a-long-enough-secret-token";

it("a ping returns its time, or says what is wrong", { timeout: 60_000 }, async () => {
  const server = await startTestServer({ env: { DLQ_TOKENS: TOKEN } });
  onTestFinished(() => server.stop());
  expect(await clientOf(server, { token: TOKEN }).ping()).toBeGreaterThan(0);
  await expect(clientOf(server).ping()).rejects.toMatchObject({
    kind: "unauthenticated",
    message: expect.stringContaining("`token`"),
  });
  const nobody = `127.0.0.1:${await freePort()}`;
  await expect(clientOf({ grpcAddress: nobody }).ping()).rejects.toMatchObject({
    kind: "connection",
    message: expect.stringMatching(new RegExp(`^${nobody} does not answer: .*ECONNREFUSED`)),
  });
});

it("the status says what waits in the spool, since when, and why", async () => {
  const folder = await mkdtemp(join(tmpdir(), "dlq-status-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const grpcAddress = `127.0.0.1:${await freePort()}`;
  const dlq = clientOf({ grpcAddress }, { spool: { folder } });
  expect(dlq.status()).toEqual({
    isAvailable: true,
    spool: { messages: 0, bytes: 0, oldestAgeMs: 0 },
    sends: { sent: 0, joined: 0, spooled: 0, delivery: 0, dropped: 0 },
  });
  for (const payload of ["a", "b"]) {
    expect(await dlq.send("q", payload)).toMatchObject({ status: "spooled", durable: true });
  }
  const { isAvailable, lastError, spool, sends } = dlq.status();
  expect(isAvailable).toBe(false);
  expect(lastError).toContain("ECONNREFUSED");
  expect(sends.spooled).toBe(2);
  expect(spool?.messages).toBe(2);
  expect(spool?.bytes).toBeGreaterThan(100);
  expect(spool?.oldestAgeMs).toBeGreaterThanOrEqual(0);
  expect(spool?.oldestAgeMs).toBeLessThan(60_000);
});
