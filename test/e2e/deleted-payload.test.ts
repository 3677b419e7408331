// What is left on the disk of a deleted queue.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { connectTo } from "../support/grpc.ts";
import { sendRequest, text } from "../support/send-requests.ts";
import { startTestServer } from "../support/server.ts";
import { until } from "../support/until.ts";

const PAYLOAD = "a payload that must not stay";

/** Whether a file of the append-only file has the payload. */
async function isOnDisk(dataDir: string): Promise<boolean> {
  const folder = join(dataDir, "appendonlydir");
  const contents = await Promise.all(
    // A rewrite removes files meanwhile.
    (await readdir(folder)).map((name) => readFile(join(folder, name)).catch(() => Buffer.of())),
  );
  return contents.some((bytes) => bytes.includes(PAYLOAD));
}

it("the payloads of a deleted queue leave the append-only file of the embedded Redis", async () => {
  const server = await startTestServer();
  onTestFinished(() => server.stop());
  const client = connectTo(server.grpcAddress);
  onTestFinished(() => client.close());
  await client.dlq.sendToDlq(sendRequest("kept"));
  await client.dlq.sendToDlq(sendRequest("q", { payload: text(PAYLOAD) }));
  expect(await isOnDisk(server.dataDir)).toBe(true);
  await client.admin.deleteQueue({ queue: "q", expectedCount: 1n });
  await until("the rewrite", async () => !(await isOnDisk(server.dataDir)));
  expect((await client.dlq.stats({ queues: ["kept"] })).queues[0]?.scheduled).toBe(1n);
});
