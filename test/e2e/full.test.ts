// What an operator sees of a store that is full.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { expect, onTestFinished, test, vi } from "vitest";
import { ConditionCode } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { ask } from "../../src/store/embedded/reply.ts";
import { errorOf } from "../rpc/in-memory.ts";
import { connectTo, statsOf } from "../support/grpc.ts";
import { startTestRedis } from "../support/redis.ts";
import { sendRequest } from "../support/send-requests.ts";
import { startTestServer } from "../support/server.ts";

/** Only a failing test waits for so long. */
const WAIT = { timeout: 60_000, interval: 50 };

test("a full disk is in Stats, /readyz, /metrics and the log, and workers go on", async () => {
  const server = await startTestServer({ args: ["--disk-low", "1024TiB"] }); // no disk has that
  onTestFinished(() => server.stop());
  const client = connectTo(server.grpcAddress);
  onTestFinished(() => client.close());
  const page = async (path: string) => {
    const response = await fetch(`http://${server.httpAddress}${path}`);
    return { status: response.status, text: await response.text() };
  };

  const error = await errorOf(client.dlq.sendToDlq(sendRequest("orders")));
  expect(error.code).toBe(Code.ResourceExhausted);
  expect(error.rawMessage).toBe(
    "the store is full: little disk space is left in the data folder; free space there",
  );
  const why = "little disk space is left in the data folder; free space there";
  expect((await statsOf(client.dlq, "orders")).conditions).toEqual([
    expect.objectContaining({
      code: ConditionCode.SENDS_REFUSED,
      message: `Sends are refused: ${why}. Deliveries, outcomes and Retry go on.`,
    }),
    expect.objectContaining({ code: ConditionCode.EMPTY }),
  ]);
  expect(await page("/readyz")).toEqual({
    status: 200,
    text: `ready; sends are refused: ${why}\n`,
  });
  const metrics = (await page("/metrics")).text.split("\n");
  expect(metrics).toContain("dlq_store_full 1");
  expect(metrics).toContain('dlq_sends_refused_total{error="STORE_FULL"} 1');
  expect(server.logs).toContainEqual(
    expect.objectContaining({
      msg: "disk space is low: sends are refused until some is freed",
      lowBytes: 1024 * 2 ** 40,
    }),
  );
});

test("a Redis that cannot write is named to callers", async () => {
  const redis = await startTestRedis({ appendonly: false });
  onTestFinished(() => redis.stop());
  const server = await startTestServer({ redisUrl: redis.url });
  onTestFinished(() => server.stop());
  const client = connectTo(server.grpcAddress);
  onTestFinished(() => client.close());
  const send = () => client.dlq.sendToDlq(sendRequest("orders"));
  await send();
  await ask(redis.socketPath, ["CONFIG", "SET", "maxmemory", "1000000"], 5_000);
  expect((await errorOf(send())).rawMessage).toMatch(
    /^the store is full: Redis has (nearly )?used its maxmemory; process or discard messages/,
  );
  await ask(redis.socketPath, ["CONFIG", "SET", "maxmemory", "0"], 5_000);
  // No snapshot can be written, and Redis then refuses writes.
  await mkdir(join(redis.dir, "dump.rdb", "in the way"), { recursive: true });
  const save = (points: string) => ask(redis.socketPath, ["CONFIG", "SET", "save", points], 5_000);
  await save("3600 1");
  onTestFinished(async () => void (await save(""))); // it would not stop
  await ask(redis.socketPath, ["BGSAVE"], 5_000);
  const why =
    "the store is full: Redis cannot write to its disk; free space there, and see its log";
  await vi.waitFor(async () => expect((await errorOf(send())).rawMessage).toBe(why), WAIT);
});

test("a full Redis is logged once, and when it has room again", async () => {
  const redis = await startTestRedis({ appendonly: false });
  onTestFinished(() => redis.stop());
  const server = await startTestServer({ redisUrl: redis.url });
  onTestFinished(() => server.stop());
  const lines = () =>
    server.logs.map(({ msg }) => msg).filter((msg) => /: sends are/.test(`${msg}`));
  const full =
    "Redis has nearly used its maxmemory: sends are refused until messages leave or it is raised";
  await ask(redis.socketPath, ["CONFIG", "SET", "maxmemory", "1000000"], 5_000);
  await vi.waitFor(() => expect(lines()).toEqual([full]), WAIT);
  await ask(redis.socketPath, ["CONFIG", "SET", "maxmemory", "0"], 5_000);
  const room = "Redis has enough memory again: sends are accepted";
  await vi.waitFor(() => expect(lines()).toEqual([full, room]), WAIT);
});

test("a queue at its limit says so in Stats", async () => {
  const server = await startTestServer({ args: ["--max-messages", "1"] });
  onTestFinished(() => server.stop());
  const client = connectTo(server.grpcAddress);
  onTestFinished(() => client.close());
  await client.dlq.sendToDlq(sendRequest("orders"));
  const { conditions } = await statsOf(client.dlq, "orders");
  expect(conditions[0]?.code).toBe(ConditionCode.SENDS_REFUSED);
  expect(conditions[0]?.message).toContain("max_messages (1) is reached");
});
