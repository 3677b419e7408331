// A Redis and Sentinels that accept only TLS, and only clients with a certificate.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { connectTo } from "../support/grpc.ts";
import { findRedisServer, freePort, startTestRedis, type TestRedis } from "../support/redis.ts";
import { sendRequest } from "../support/send-requests.ts";
import { startTestServer } from "../support/server.ts";
import { until } from "../support/until.ts";

let folder: string;
let redis: TestRedis;
let tlsPort: number;
const path = (name: string) => join(folder, name);
const openssl = (...args: string[]) => promisify(execFile)("openssl", args);

/** An authority, and a certificate of it for this machine. */
async function certificates(name: string): Promise<void> {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const days = ["-days", "2"];
  const ca = ["-keyout", path(`${name}-ca.key`), "-out", path(`${name}-ca.crt`)];
  await openssl("req", "-x509", ...key, ...ca, ...days, "-subj", `/CN=${name} CA`);
  const of = ["-CA", path(`${name}-ca.crt`), "-CAkey", path(`${name}-ca.key`)];
  const own = ["-keyout", path(`${name}.key`), "-out", path(`${name}.crt`)];
  const names = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"];
  await openssl("req", "-x509", ...key, ...own, ...days, ...of, ...names);
}

const serverTls = () => ({
  "tls-cert-file": path("redis.crt"),
  "tls-key-file": path("redis.key"),
  "tls-ca-cert-file": path("redis-ca.crt"),
});

beforeAll(async () => {
  folder = await mkdtemp("/tmp/dlq-redis-tls-");
  await Promise.all([certificates("redis"), certificates("other")]);
  tlsPort = await freePort();
  const given = Object.entries({ "tls-port": String(tlsPort), ...serverTls() });
  redis = await startTestRedis({ args: given.flatMap(([name, value]) => [`--${name}`, value]) });
});
afterAll(async () => {
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

const clientTls = (name = "redis") => ({
  DLQ_REDIS_TLS_CA: path("redis-ca.crt"),
  DLQ_REDIS_TLS_CERT: path(`${name}.crt`),
  DLQ_REDIS_TLS_KEY: path(`${name}.key`),
});

async function works(options: Parameters<typeof startTestServer>[0]): Promise<void> {
  const server = await startTestServer(options);
  onTestFinished(() => server.stop());
  const client = connectTo(server.grpcAddress);
  onTestFinished(() => client.close());
  await client.dlq.sendToDlq(sendRequest("q"));
}

it("a URL with TLS uses the authority and the certificate of the settings", async () => {
  await works({ redisUrl: `rediss://127.0.0.1:${tlsPort}`, env: clientTls() });
});

it("Sentinels and the Redis behind them are reached with TLS", async () => {
  const port = await freePort();
  const config = path("sentinel.conf");
  const tls = Object.entries(serverTls()).map(([name, value]) => `${name} ${value}`);
  const monitor = `sentinel monitor main 127.0.0.1 ${tlsPort} 1`;
  await writeFile(
    config,
    ["port 0", `tls-port ${port}`, "tls-replication yes", ...tls, `dir ${folder}`, monitor].join(
      "\n",
    ),
  );
  const sentinel = spawn(findRedisServer(), [config, "--sentinel"], { stdio: "ignore" });
  onTestFinished(async () => {
    sentinel.kill("SIGKILL");
    await once(sentinel, "exit");
  });
  const sentinels = {
    DLQ_REDIS_SENTINELS: `127.0.0.1:${port}`,
    DLQ_REDIS_SENTINEL_NAME: "main",
    DLQ_REDIS_TLS: "true",
  };
  await works({ env: { ...sentinels, ...clientTls() } });
});

it("a renewed certificate is used for the next connection", async () => {
  const use = (name: string) =>
    Promise.all(
      ["crt", "key"].map((kind) => copyFile(path(`${name}.${kind}`), path(`used.${kind}`))),
    );
  await use("redis");
  const redisUrl = `rediss://127.0.0.1:${tlsPort}`;
  const server = await startTestServer({ redisUrl, env: clientTls("used") });
  onTestFinished(() => server.stop());
  const logged = (text: string, times = 1) =>
    until(text, () => server.logs.filter(({ msg }) => msg === text).length >= times);
  await use("other");
  await logged("files reloaded");
  await redis.cli("CLIENT", "KILL", "TYPE", "normal");
  await logged("the store cannot be reached; retrying");
  await use("redis");
  await logged("the store is ready", 2);
});

it("a key of another certificate stops the start with an explanation", async () => {
  await expect(
    startTestServer({
      redisUrl: `rediss://127.0.0.1:${tlsPort}`,
      env: { ...clientTls(), DLQ_REDIS_TLS_KEY: path("other.key") },
    }),
  ).rejects.toThrow(/redis_tls_ca, redis_tls_cert or redis_tls_key is invalid/);
  expect(redis.pid).toBeGreaterThan(0);
});
