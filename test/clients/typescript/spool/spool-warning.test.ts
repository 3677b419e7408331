// The warning that says why messages wait in the spool.

import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, it, onTestFinished, vi } from "vitest";
import type { DlqClient } from "../../../../clients/typescript/src/index.ts";
import { SpoolWarning } from "../../../../clients/typescript/src/spool/spool-warning.ts";
import { startTestServer } from "../../../support/server.ts";
import { clientOf, freePort } from "../client.ts";
import { newFolder } from "./spool-support.ts";

const error = new Error("it broke");
const SPOOLED = { status: "spooled", durable: true };

function logged() {
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  return log;
}

async function spooling(port: number, timeoutMs: number): Promise<DlqClient> {
  const spool = { folder: await newFolder() };
  return clientOf({ grpcAddress: `127.0.0.1:${port}` }, { timeoutMs, spool });
}

it("a send without an answer is logged once with the reason, before it has its result", async () => {
  const log = logged();
  const port = await freePort();
  const dlq = await spooling(port, 1_000);
  expect(await dlq.send("q", "a", error)).toEqual(SPOOLED);
  const [[line] = []] = log.mock.calls;
  expect(line).toContain(
    `dlq: messages wait in the spool for 127.0.0.1:${port} (1): connect ECONNREFUSED`,
  );
  expect(line).toMatch(/; retrying$/);
  expect(await dlq.send("q", "b", error)).toEqual(SPOOLED);
  expect(log).toHaveBeenCalledOnce();
});

it("a send to a server that never answers is logged, too", async () => {
  const log = logged();
  const silent = createServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as AddressInfo;
  const dlq = await spooling(port, 590_000);
  const send = dlq.send("q", "x", error);
  await dlq.close(20);
  expect(await send).toEqual(SPOOLED);
  expect(log.mock.calls).toEqual([
    [
      `dlq: messages wait in the spool for 127.0.0.1:${port} (1): the server did not answer; is the server at \`url\` up?; retrying`,
    ],
    [
      `dlq: messages stay in the spool for 127.0.0.1:${port} (1); the next client with the same service and target sends them`,
    ],
  ]);
});

it("an empty spool after a warning is logged once", async () => {
  const log = logged();
  const port = await freePort();
  const dlq = await spooling(port, 1_000);
  expect(await dlq.send("q", "a", error)).toEqual(SPOOLED);
  const server = await startTestServer({ args: ["--listen-grpc", `127.0.0.1:${port}`] });
  onTestFinished(() => server.stop());
  const empty = [`dlq: the spool for 127.0.0.1:${port} is empty again`];
  await vi.waitFor(() => expect(log.mock.calls).toContainEqual(empty), 60_000);
  expect(log).toHaveBeenCalledTimes(2);
  new SpoolWarning("server:1", () => 0).emptied();
  expect(log).toHaveBeenCalledTimes(2);
});

it("refusals and missing answers together are logged once a minute", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const log = logged();
  const warning = new SpoolWarning("server:1", () => 7);
  const refused = new ConnectError("who are you?", Code.Unauthenticated);
  warning.warn(new ConnectError("no route", Code.Unavailable));
  warning.warn(refused);
  vi.advanceTimersByTime(59_999);
  warning.warn(refused);
  expect(log.mock.calls).toEqual([
    [
      "dlq: messages wait in the spool for server:1 (7): no route; is the server at `url` up?; retrying",
    ],
  ]);
  vi.advanceTimersByTime(1);
  warning.warn(refused);
  expect(log.mock.calls[1]?.[0]).toMatch(/server:1 \(7\): who are you\?; .*`token`.*; retrying$/);
});
