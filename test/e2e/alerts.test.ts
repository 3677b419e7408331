// Causes what each alert is for, with a real server and a real Redis, and plays the real /metrics to the rules: no rule rests
// on a series that its situation does not make. docs/alerts/dlq.rules.test.yaml tests the rules' limits.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { get as getByHttp } from "node:http";
import { get as getByHttps } from "node:https";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { BreakerScope, OrderingMode } from "../../gen/dlq/v1/queue_pb.ts";
import { Reason } from "../../gen/dlq/v1/state_pb.ts";
import { QUEUE_KEYS, queueBase } from "../../src/store/redis/keys.ts";
import { errorOf } from "../rpc/in-memory.ts";
import { type AlertRule, firesIn, type Scrape } from "../support/alert-replay.ts";
import { makeCertificate } from "../support/certificate.ts";
import { connectTo, statsOf, type TestClient } from "../support/grpc.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { startTestRedis, type TestRedis } from "../support/redis.ts";
import { failed, quarantined, sendRequest, sendRequests } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { Worker } from "../support/worker.ts";

const RULES = resolve(import.meta.dirname, "../../docs/alerts/dlq.rules.yaml");
const rules: AlertRule[] = parse(readFileSync(RULES, "utf8")).groups.flatMap(
  (group: { rules: AlertRule[] }) => group.rules,
);

interface Stage {
  readonly redis: TestRedis;
  readonly server: TestServer;
  readonly client: TestClient;
}

interface Situation {
  readonly args?: readonly string[];
  /** Resolves when all is well. */
  ready?(stage: Stage): Promise<unknown>;
  /** Causes it. */
  begin(stage: Stage): Promise<unknown>;
  /** What goes on in it, before each scrape. Without it the last scrape lasts. */
  again?(stage: Stage): Promise<unknown>;
  /** Replaces a limit of the expression that no test can reach. */
  readonly limit?: readonly [documented: string, here: string];
}

const FOLDER = mkdtempSync("/tmp/dlq-alerts-e2e-");
afterAll(() => rmSync(FOLDER, { recursive: true }));
const path = (name: string) => join(FOLDER, name);
const DAY_S = 86_400;
const inDays = (days: number) => Math.floor(Date.now() / 1_000) + days * DAY_S;

/** A line of a tokens file. */
const tokenLine = (rest = "") => `orders:sha256:${"5".repeat(64)}${rest}\n`;

beforeAll(async () => {
  for (const file of ["unusable", "expiring"]) writeFileSync(path(file), tokenLine());
  await makeCertificate(path("long"), "long", 100);
  await makeCertificate(path("short"), "short", 5);
  await useCertificate("long");
});

async function useCertificate(name: string): Promise<void> {
  for (const part of ["crt", "key"]) await copyFile(path(`${name}.${part}`), path(`used.${part}`));
}

const quarantinedOnArrival = { failure: { reason: Reason.MAX_RETRIES_EXCEEDED } };

/** Opens a worker for one message, and closes it after `use`. */
async function withWorker(
  { client }: Stage,
  use: (worker: Worker) => Promise<unknown>,
  lease = {},
): Promise<void> {
  const worker = await Worker.open(client.dlq, { queues: ["q"], maxInFlight: 1, ...lease });
  await use(worker);
  await worker.close();
}

const settleOne = (outcome?: Parameters<Worker["settle"]>[1]) => async (worker: Worker) =>
  worker.settle(await worker.next(), outcome);

let nats: TestNats;
/** One alert kills it. */
let killed: TestNats;
beforeAll(async () => {
  [nats, killed] = await Promise.all([startTestNats(), startTestNats()]);
});
afterAll(() => Promise.all([nats.stop(), killed.stop()]));

const SITUATIONS: Readonly<Record<string, Situation>> = {
  DlqEventsNotPublished: {
    get args() {
      return ["--nats-url", killed.url];
    },
    ready: (stage) =>
      until("NATS", async () => /^dlq_nats_up 1$/m.test((await scrape(stage)) ?? "") || undefined),
    begin: () => killed.kill9(),
  },
  DlqEventsLate: {
    args: ["--nats-url", "nats://127.0.0.1:1"],
    // A test cannot wait for half an hour.
    limit: ["> 1800", "> 0"],
    begin: ({ client }) => client.dlq.sendToDlq(sendRequest("q")),
  },
  DlqEventsMissed: {
    get args() {
      return ["--nats-url", nats.url, "--outbox-max", "16KiB", "--nats-backlog-max", "1MiB"];
    },
    async begin({ client }) {
      await nats.kill9();
      for (let n = 0; n < 40; n++)
        await client.dlq.sendToDlqBatch({ requests: sendRequests(1_000, "q") });
      await nats.restart();
    },
    again: ({ client }) => client.dlq.sendToDlq(sendRequest("q")),
  },
  DlqDown: { begin: ({ server }) => server.kill9() },
  DlqStoreUnavailable: {
    begin: ({ redis }) => redis.kill9(),
    again: async ({ client }) => errorOf(client.dlq.sendToDlq(sendRequest("q"))),
  },
  DlqStoreFull: { begin: ({ redis }) => redis.cli("CONFIG", "SET", "maxmemory", "1000000") },
  DlqStoreEvicts: {
    begin: ({ redis }) =>
      redis.cli("CONFIG", "SET", "maxmemory", "1gb", "maxmemory-policy", "allkeys-lru"),
  },
  DlqSendsRefused: {
    args: ["--max-messages", "1"],
    async begin({ client }) {
      await client.dlq.sendToDlq(sendRequest("q"));
      await errorOf(client.dlq.sendToDlq(sendRequest("q")));
    },
  },
  DlqCallersRefused: {
    args: ["--tokens", "operator-token-0123456789"],
    begin: async () => {},
    again: async ({ client }) => errorOf(client.dlq.stats({})),
  },
  DlqFilesUnusable: {
    args: ["--tokens-file", path("unusable")],
    begin: async () => writeFileSync(path("unusable"), tokenLine().trimEnd()),
  },
  // The replayed minutes begin at the time 0.
  DlqCertificateExpires: {
    args: ["--tls-cert", path("used.crt"), "--tls-key", path("used.key")],
    limit: ["7 * 86400", String(inDays(7))],
    begin: () => useCertificate("short"),
  },
  DlqTokenExpires: {
    args: ["--tokens-file", path("expiring")],
    limit: ["86400", String(inDays(1))],
    async begin() {
      const expireAt = new Date(Date.now() + (DAY_S / 2) * 1_000).toISOString();
      writeFileSync(path("expiring"), tokenLine(` expires=${expireAt}`));
    },
  },
  DlqQueueDamaged: {
    async begin({ client, redis }) {
      await client.dlq.sendToDlq(sendRequest("q"));
      await redis.cli("SET", `${queueBase("dlq", "q")}${QUEUE_KEYS.counters}`, "no hash");
    },
  },
  DlqNoWorkers: { begin: ({ client }) => client.dlq.sendToDlq(sendRequest("q")) },
  DlqLate: {
    async begin({ client }) {
      await client.dlq.sendToDlqBatch({ requests: sendRequests(40, "q") });
      await until("late messages", async () => {
        const { oldestAge } = await statsOf(client.dlq, "q");
        return (oldestAge?.seconds ?? 0n) > 6n;
      });
    },
    again: (stage) => withWorker(stage, settleOne()),
  },
  DlqQuarantineGrows: {
    begin: ({ client }) =>
      client.dlq.sendToDlqBatch({ requests: sendRequests(11, "q", quarantinedOnArrival) }),
  },
  DlqQuarantineStays: {
    begin: ({ client }) => client.dlq.sendToDlq(sendRequest("q", quarantinedOnArrival)),
  },
  DlqMessagesRemoved: {
    args: ["--ttl-action", "discard"],
    begin: ({ client }) => client.dlq.sendToDlq(sendRequest("q", { ttl: { seconds: 1n } })),
  },
  DlqLeasesExpire: {
    async begin(stage) {
      await stage.client.dlq.sendToDlq(sendRequest("q"));
      const lease = { leaseDuration: { seconds: 1n } };
      await withWorker(stage, (worker) => worker.take(2), lease);
    },
  },
  DlqBreakerOpen: {
    async begin(stage) {
      const openTime = { seconds: 300n };
      const breaker = { scope: BreakerScope.QUEUE, consecutiveFailures: 1, openTime };
      await stage.client.admin.updateQueue({ queue: { name: "q", config: { breaker } } });
      await stage.client.dlq.sendToDlq(sendRequest("q"));
      await withWorker(stage, settleOne(failed({ failure: { reason: Reason.TIMEOUT } })));
    },
  },
  DlqOrderHeld: {
    async begin(stage) {
      const ordering = { mode: OrderingMode.HOLD };
      await stage.client.admin.updateQueue({ queue: { name: "q", config: { ordering } } });
      const requests = sendRequests(2, "q", { orderingKey: "customer-7" });
      await stage.client.dlq.sendToDlqBatch({ requests });
      await withWorker(stage, settleOne(quarantined));
    },
  },
  DlqPaused: {
    async begin({ client }) {
      await client.dlq.sendToDlq(sendRequest("q"));
      await client.admin.updateQueue({ queue: { name: "q", config: { pause: { paused: true } } } });
    },
  },
  DlqOld: {
    // A test cannot wait for a week.
    limit: ["7 * 86400", "0"],
    begin: ({ client }) => client.dlq.sendToDlq(sendRequest("q")),
  },
};

/** Scrapes come this often, and are played as one a minute. */
const PAUSE_MS = 200;
/** Only a failing test waits for so long. */
const DEADLINE_MS = 120_000;

async function start(args: readonly string[] = []): Promise<Stage> {
  const redis = await startTestRedis();
  onTestFinished(() => redis.stop());
  const server = await startTestServer({ redisUrl: redis.url, args });
  onTestFinished(() => server.stop());
  const client = connectTo(server.grpcAddress);
  onTestFinished(() => client.close());
  return { redis, server, client };
}

async function scrape({ server }: Stage): Promise<Scrape> {
  const metrics = `${server.httpAddress}/metrics`;
  try {
    return await pageOf(metrics);
  } catch {
    return await pageOf(metrics, true).catch(() => undefined);
  }
}

function pageOf(address: string, isTls = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const get = isTls ? getByHttps : getByHttp;
    get(`http${isTls ? "s" : ""}://${address}`, { rejectUnauthorized: false }, (response) => {
      text(response).then(resolve, reject);
    }).on("error", reject);
  });
}

function minutesOf(duration = "0m"): number {
  const [, count, unit] = /^(\d+)([mhd])$/.exec(duration) ?? [];
  return Number(count) * { m: 1, h: 60, d: 1440 }[unit as "m" | "h" | "d"];
}

test("every alert has a situation", () => {
  expect(Object.keys(SITUATIONS).toSorted()).toEqual(rules.map(({ alert }) => alert).toSorted());
});

test.each(rules)("$alert", async (rule) => {
  const { alert } = rule;
  const situation = SITUATIONS[alert];
  if (situation === undefined) throw new Error(`no situation for ${alert}`);
  const { again, limit } = situation;
  const expr = limit === undefined ? rule.expr : rule.expr.replace(...limit);
  const stage = await start(situation.args);
  await situation.ready?.(stage);
  const before = await scrape(stage);
  await situation.begin(stage);
  const during: Scrape[] = [];
  const minutes = minutesOf(rule.for) + 1;
  const holdMinutes = again === undefined ? minutes : 0;
  const fires = async () => {
    await again?.(stage);
    during.push(await scrape(stage));
    await delay(PAUSE_MS);
    const isLong = again === undefined || during.length > minutes;
    return isLong && firesIn({ rule: { ...rule, expr }, before, during, holdMinutes });
  };
  await until(`${alert} to fire`, async () => (await fires()) || undefined, DEADLINE_MS);
});
