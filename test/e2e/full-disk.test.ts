// The embedded Redis on a disk that is full: what was acknowledged stays, and an operator reads what to do.

import { randomBytes } from "node:crypto";
import { chmod, realpath, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { leaveFree, makeSmallDisk, maySmallDisk } from "../faults/rig/small-disk.ts";
import { connectTo, sendAll } from "../support/grpc.ts";
import { processesOn } from "../support/processes-on.ts";
import { sendRequest, sendRequests } from "../support/send-requests.ts";
import { startTestServer } from "../support/server.ts";
import { runServer } from "../support/server-run.ts";
import { until } from "../support/until.ts";
import { Worker } from "../support/worker.ts";

async function smallDisk(mib: number): Promise<string> {
  const disk = makeSmallDisk(mib);
  onTestFinished(() => disk.remove());
  const folder = await realpath(disk.path);
  onTestFinished(async () => {
    for (const pid of processesOn(folder)) process.kill(pid, "SIGKILL");
    await until("the end of Redis", () => processesOn(folder).length === 0);
  });
  return folder;
}

test.runIf(maySmallDisk())(
  "Redis is killed on a full disk: nothing is lost or comes back",
  async () => {
    const dataDir = await smallDisk(32);
    const server = await startTestServer({ args: ["--data-dir", dataDir, "--disk-low", "1MiB"] });
    onTestFinished(() => server.stop());
    const client = connectTo(server.grpcAddress);
    onTestFinished(() => client.close());
    await sendAll(client.dlq, sendRequests(10, "orders"));
    await sendAll(client.dlq, sendRequests(1, "other"));

    const filler = join(dataDir, "filler");
    leaveFree(filler, 0);
    const [redis = 0] = processesOn(dataDir);
    process.kill(redis, "SIGKILL");
    const readyz = async () => {
      const response = await fetch(`http://${server.httpAddress}/readyz`);
      return { status: response.status, text: await response.text() };
    };
    await until("the reason in /readyz", async () => (await readyz()).text.includes("is full"));
    expect(await readyz()).toEqual({
      status: 503,
      text: expect.stringMatching(
        /redis-server could not be started: the disk of the data folder is full: free space there/,
      ),
    });
    await rm(filler);
    await until("the store", async () => (await readyz()).text === "ready\n");

    await sendAll(client.dlq, sendRequests(30, "orders"));
    await client.admin.deleteQueue({ queue: "other", expectedCount: 1n });
    // The deletion asks Redis to rewrite its file, in a second process that ends.
    await until("one Redis", () => processesOn(dataDir).length === 1);
    await server.restart();
    const { queues } = await client.dlq.stats({});
    const sizes = queues.map(({ queue, counts }) => [queue, counts.map(({ count }) => count)]);
    expect(sizes).toEqual([["orders", [40n]]]);
    const failures = server.logs.filter(({ msg }) => /could not be started/.test(`${msg}`));
    expect(failures).toHaveLength(1);
  },
);

test.runIf(maySmallDisk())("a start on a full disk ends with one line", async () => {
  const dataDir = await smallDisk(8);
  await chmod(dataDir, 0o700);
  leaveFree(join(dataDir, "filler"), 0);
  const ports = ["--listen-grpc=127.0.0.1:0", "--listen-http=off"];
  const run = await runServer([...ports, `--data-dir=${dataDir}`]);
  expect(run).toMatchObject({ code: 1 });
  expect(run.stderr).toMatch(
    new RegExp(
      `^dlq-server: redis-server could not be started: the disk of ${dataDir} is full: free space there \\(.*\\)\n$`,
    ),
  );
  expect(processesOn(dataDir)).toEqual([]);
});

test.runIf(maySmallDisk())("an empty small disk has room for sends", async () => {
  const dataDir = await smallDisk(64);
  const server = await startTestServer({ args: ["--data-dir", dataDir] });
  onTestFinished(() => server.stop());
  const client = connectTo(server.grpcAddress);
  onTestFinished(() => client.close());
  await sendAll(client.dlq, sendRequests(1, "orders"));
  const lines = server.logs.map(({ msg }) => `${msg}`);
  expect(lines.filter((msg) => msg.includes("disk space"))).toEqual([]);
});

test.runIf(maySmallDisk())("messages that are processed free a low disk", async () => {
  const dataDir = await smallDisk(48);
  const server = await startTestServer({ args: ["--data-dir", dataDir, "--disk-low", "12MiB"] });
  onTestFinished(() => server.stop());
  const client = connectTo(server.grpcAddress);
  onTestFinished(() => client.close());
  let sent = 0;
  const send = async (bytes: number) => {
    const payload = { body: { case: "data" as const, value: randomBytes(bytes) } };
    await client.dlq.sendToDlq(sendRequest("orders", { payload }));
    sent++;
  };
  const freeMiB = async () => {
    const { bavail, bsize } = await statfs(dataDir);
    return (bavail * bsize) / 1024 ** 2;
  };
  // Large ones up to the limit would fill the disk before the server looks at it again.
  while ((await freeMiB()) > 14) await send(200_000);
  const refusal = await until("a refusal", () =>
    send(1_000).then(
      () => undefined,
      (error: unknown) => String(error),
    ),
  );
  expect(refusal).toContain("little disk space is left");
  const worker = await Worker.open(client.dlq, { queues: ["orders"], maxInFlight: 100 });
  for (let n = 0; n < sent; n++) await worker.settle(await worker.next());
  await worker.close();
  await until("room", () =>
    send(200_000).then(
      () => true,
      () => false,
    ),
  );
});
