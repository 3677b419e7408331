// Tokens of the TypeScript client, fixed and from a function.

import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, it } from "vitest";
import { statsOf } from "../../support/grpc.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { clientOf, errorOf, until } from "./client.ts";
import { newFolder, spoolFiles } from "./spool/spool-support.ts";

const TOKEN = "a-long-enough-secret-token";
const error = new Error("it broke");
/** Far below the timeout of a send, which is 60 s. */
const AT_ONCE_MS = 20_000;
const NOT_STORED = { kind: "deadline", code: Code.Unavailable, maybeStored: false };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ env: { DLQ_TOKENS: TOKEN } });
});
afterAll(() => server.stop());

it("is sent with each call", async () => {
  const without = errorOf(await clientOf(server).send("q", "x", error));
  expect(without).toMatchObject({ kind: "unauthenticated" });
  expect(without.message).toBe("no valid credentials; give the client a valid `token`");
  for (const asReadFromAFile of ["", "\n"]) {
    const dlq = clientOf(server, { token: `${TOKEN}${asReadFromAFile}` });
    expect((await dlq.send("q", "x", error)).status).toBe("sent");
  }
});

it("of a function is asked for each call", async () => {
  let token = TOKEN;
  const changing = clientOf(server, { token: async () => token });
  expect((await changing.send("q", "x", error)).status).toBe("sent");
  token = "a-token-that-has-expired";
  expect(errorOf(await changing.send("q", "x", error))).toMatchObject({ kind: "unauthenticated" });
});

it.each([
  ["rejects", "rejected", () => Promise.reject(new Error("the vault is sealed"))],
  ["returns what is no header", "no-header", () => "a\0b"],
  ["returns nothing", "nothing", () => undefined as never],
])("while its function %s, a message goes to the spool at once", async (_, queue, fail) => {
  let isSealed = true;
  const folder = await newFolder();
  const token = () => (isSealed ? fail() : TOKEN);
  const dlq = clientOf(server, { token, spool: { folder } });
  const beganAtMs = performance.now();
  expect(await dlq.send(queue, "x", error)).toEqual({ status: "spooled", durable: true });
  expect(performance.now() - beganAtMs).toBeLessThan(AT_ONCE_MS);
  isSealed = false;
  await expect
    .poll(async () => (await spoolFiles(folder)).length, { timeout: 60_000, interval: 20 })
    .toBe(0);
  const { totals } = await statsOf(dlq.stubs, queue);
  expect(totals?.accepted).toBe(1n);
});

it("that is missing is the reason of a drop without a spool", async () => {
  const token = () => {
    throw new Error("the vault is sealed");
  };
  const dlq = clientOf(server, { token, timeoutMs: 500 });
  const dropped = errorOf(await dlq.send("q", "x", error));
  expect(dropped).toMatchObject(NOT_STORED);
  expect(dropped.message).toContain("there is no token: the vault is sealed");
});

it("whose function never ends does not hold the next call up", async () => {
  let calls = 0;
  const token = () => (++calls === 1 ? new Promise<string>(() => {}) : TOKEN);
  const dlq = clientOf(server, { token, tryTimeoutMs: 500, coalesce: { maxCalls: 1 } });
  expect((await dlq.send("q", "x", error)).status).toBe("sent");
  await until(() => calls > 1, "the second call");
});
