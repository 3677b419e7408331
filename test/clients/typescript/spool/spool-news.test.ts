// What is said of letters that wait in the spool: nobody would otherwise look for what keeps them there.

import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, it, onTestFinished, vi } from "vitest";
import type { DlqClient } from "../../../../clients/typescript/src/index.ts";
import { SpoolNews } from "../../../../clients/typescript/src/spool/spool-news.ts";
import { clientOf, freePort } from "../client.ts";
import { newFolder } from "./spool-support.ts";

const error = new Error("it broke");
const KEPT = { status: "spooled", durable: true };

function logged() {
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  return log;
}

async function spooling(port: number, timeoutMs: number): Promise<DlqClient> {
  const spool = { folder: await newFolder() };
  return clientOf({ grpcAddress: `127.0.0.1:${port}` }, { timeoutMs, spool });
}

it("what is kept for want of an answer is told once, and why, before its send has its result", async () => {
  const log = logged();
  const dlq = await spooling(await freePort(), 1_000);
  expect(await dlq.send("q", "a", error)).toEqual(KEPT);
  const why = /^dlq-client: the spool keeps what can't be delivered: connect ECONNREFUSED/;
  expect(log.mock.calls).toEqual([[expect.stringMatching(why)]]);
  expect(await dlq.send("q", "b", error)).toEqual(KEPT);
  expect(log).toHaveBeenCalledOnce();
});

it("so is what nobody has said anything of", async () => {
  const log = logged();
  const silent = createServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  onTestFinished(() => void silent.close());
  const dlq = await spooling((silent.address() as AddressInfo).port, 600_000);
  const send = dlq.send("q", "x", error);
  await dlq.close(20);
  expect(await send).toEqual(KEPT);
  expect(log.mock.calls).toEqual([
    ["dlq-client: the spool keeps what can't be delivered: the server did not answer"],
  ]);
});

it("refusals and want of an answer are told once a minute, both together", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const told: string[] = [];
  const news = new SpoolNews((words) => told.push(words));
  const refused = new ConnectError("who are you?", Code.Unauthenticated);
  news.tellOf(new ConnectError("no route", Code.Unavailable));
  news.tellOf(refused);
  vi.advanceTimersByTime(59_999);
  news.tellOf(refused);
  expect(told).toEqual(["keeps what can't be delivered: no route"]);
  vi.advanceTimersByTime(1);
  news.tellOf(refused);
  expect(told.slice(1)).toEqual([expect.stringMatching(/^keeps what is refused: who are you\?;/)]);
});
