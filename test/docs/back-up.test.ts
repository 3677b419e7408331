// The commands of docs/guides/back-up.md for an own Redis, run against one.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { Reason } from "../../gen/dlq/v1/state_pb.ts";
import { connectTo, sendAll, statsOf } from "../support/grpc.ts";
import { startTestRedis } from "../support/redis.ts";
import { dueIn, sendRequests } from "../support/send-requests.ts";
import { startTestServer } from "../support/server.ts";
import { fence, readDocument } from "./markdown.ts";

const GUIDE = readDocument("docs/guides/back-up.md");
const block = (name: string) => fence(GUIDE, `sh ${name}`);

test("an own Redis is backed up while servers run, and restored", async () => {
  const folder = mkdtempSync(join(tmpdir(), "dlq-b-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const backup = join(folder, "dlq.rdb");
  const run = (commands: string, cwd: string) =>
    promisify(execFile)("sh", ["-euc", commands], {
      cwd,
      env: { ...process.env, DLQ_REDIS_URL: redis.url, BACKUP: backup },
    });
  const redis = await startTestRedis({
    port: true,
    beforeRestart: (dir) => run(block("external-restore"), dir),
  });
  onTestFinished(() => redis.stop());
  const user = ["ACL", "SETUSER", "backup", "on", ">pw", "+sync", "+psync", "+replconf", "+ping"];
  await redis.cli(...user);

  const server = await startTestServer({ redisUrl: redis.url });
  const client = connectTo(server.grpcAddress);
  const poison = { failure: { reason: Reason.POISON_MESSAGE } };
  await sendAll(client.dlq, [
    ...sendRequests(1_000, "orders", dueIn(3_600_000)),
    ...sendRequests(200, "orders", poison),
  ]);
  const asUser = block("external-backup").replace(
    '"$DLQ_REDIS_URL"',
    `redis://backup:pw@127.0.0.1:${redis.port}`,
  );
  await run(asUser, folder);
  // What comes later is not in the backup.
  await sendAll(client.dlq, sendRequests(5, "orders", poison));
  client.close();
  await server.stop();

  await redis.restart(["--appendonly", "no"]);
  await run(block("external-append"), folder);
  const restored = await startTestServer({ redisUrl: redis.url });
  onTestFinished(() => restored.stop());
  const there = connectTo(restored.grpcAddress);
  onTestFinished(() => there.close());
  expect(await statsOf(there.dlq, "orders")).toMatchObject({
    scheduled: 1_000n,
    quarantined: 200n,
  });
  // The append-only file has it for the next start.
  expect(await redis.cli("CONFIG", "GET", "appendonly")).toContain("yes");
});
