// A process that owns an embedded Redis, for tests that kill it: prints one line of JSON, and
// lives until it gets a signal.

import { startEmbeddedRedis } from "../../../src/store/embedded/embedded.ts";

const [dataDir = "", serverPath = ""] = process.argv.slice(2);
const log = { info: () => {}, warn: () => {}, error: () => {} };
const redis = await startEmbeddedRedis({ dataDir, serverPath, maxMemoryBytes: 2 ** 25, log });
await redis.ready;
process.stdout.write(`${JSON.stringify({ pid: redis.pid, socketPath: redis.socketPath })}\n`);
setInterval(() => {}, 60_000);
