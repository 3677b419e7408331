// Holds each piece of advice of the server against a situation that must give it and one that must not. A text that is new
// in one of these files fails until it has a row here, or in the test that is named for its file. Names in advice exist.

import { createServer, type Server } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { findQueueContradictions } from "../src/config/queue-checks.ts";
import { QUEUE_SETTINGS } from "../src/config/queue-settings.ts";
import { damaged, type QueueSnapshot, queueConditions } from "../src/core/queue-conditions.ts";
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../src/core/settings.ts";
import { checkAddress } from "../src/rpc/bind.ts";
import { systemAdvice } from "../src/store/embedded/system-advice.ts";
import { Connection } from "../src/store/redis/connection.ts";
import { checkServer } from "../src/store/redis/server-check.ts";
import { cli } from "./cli/cli-support.ts";
import { type Given, loadErrors, loadOk } from "./config/load-support.ts";
import { adviceIn, isIn, unknownNames } from "./support/advice.ts";
import { startTestRedis } from "./support/redis.ts";

/** What the server writes in a situation. */
type Situation = () => string | Promise<string>;
type Row = readonly [name: string, advises: RegExp, given: Situation, notGiven: Situation];

/** Files whose texts are held by other tests. */
const HELD_BY: Readonly<Record<string, string>> = {
  "src/core/errors.ts": "test/core/errors.test.ts",
  "src/app/queues/deletion.ts": "test/app/deletion.test.ts",
  "src/app/retry.ts": "test/e2e/advice.test.ts",
  "src/store/redis/connection.ts":
    "test/e2e/ready.test.ts, test/e2e/full.test.ts, test/store/redis/connection.test.ts",
  "src/store/redis/capacity.ts": "test/e2e/full.test.ts",
  "src/store/embedded/failure-hint.ts": "test/store/embedded/failure-hint.test.ts",
  "src/store/embedded/data-folder.ts": "test/store/embedded/embedded.test.ts",
  "src/store/embedded/orphan.ts": "test/store/embedded/orphan.test.ts",
  "src/store/embedded/data-lock.ts": "test/store/embedded/embedded.test.ts",
  "src/store/embedded/socket-folder.ts": "test/store/embedded/parts.test.ts",
  "src/store/embedded/server-process.ts": "test/store/embedded/embedded.test.ts",
};

/** Texts that are no advice, or that no test can cause everywhere. */
const APART: readonly RegExp[] = [
  /^the request is not valid$/,
  /^which does not say its process id$/,
  /^the configuration of queue …$/,
  /^… as an argument of a script$/,
  /^queue deletion failed/, // a line of the log
  /^(?:took over|stopping) (?:the|a) redis-server/, // lines of the log
  /^permission denied; choose a port/, // root may use every port
  /belongs to another user, and everybody can write/, // root may use every folder
  /^is not expected here$/,
  /^plain retry in queue/, // a defect
];

const conditions =
  (changes: Partial<QueueSnapshot>): Situation =>
  () => {
    const empty = { scheduled: 0, dueNow: 0, inFlight: 0, quarantined: 0, workers: 0 };
    return queueConditions({ ...empty, ...changes })
      .map(({ text }) => text)
      .join("\n");
  };
const due = { scheduled: 2, dueNow: 2, workers: 1, freeCredit: 5 };
const delivering = conditions(due);

const CONDITIONS: readonly Row[] = [
  [
    "no message has come into the queue",
    /compare its name/,
    conditions({ isUnused: true }),
    conditions({ isUnused: false }),
  ],
  ["refused", /Sends are refused: full\./, conditions({ sendsRefused: "full" }), delivering],
  ["damaged", /restore that key/, () => damaged("WRONGTYPE").text, delivering],
  ["empty", /nothing to do/, conditions({}), delivering],
  ["one quarantined", /call Retry/, conditions({ quarantined: 1 }), conditions({})],
  ["all quarantined", /call Retry/, conditions({ quarantined: 4 }), delivering],
  ["paused", /UpdateQueue with "pause": \{\}/, conditions({ ...due, paused: true }), delivering],
  [
    "paused until",
    /until 1970.*; wait, or/,
    conditions({ ...due, paused: true, pausedReason: "x", pausedUntilAtMs: 0 }),
    conditions({ ...due, paused: true }),
  ],
  ["a breaker", /repair what/, conditions({ ...due, breakerOpen: true }), delivering],
  ["breakers of keys", /ListBreakers/, conditions({ ...due, openBreakers: 1 }), delivering],
  ["limits by key", /later automatically/, conditions({ ...due, blockingLimiters: 1 }), delivering],
  ["a rate", /Raise rate\.per_second/, conditions({ ...due, nextTokenInMs: 9 }), delivering],
  ["a hold", /ReleaseOrderingKey/, conditions({ ...due, heldKeys: 1 }), delivering],
  ["no worker", /StreamDue.*; start one/, conditions({ ...due, workers: 0 }), delivering],
  [
    "no worker any more",
    /start one; 1 in flight will/,
    conditions({ inFlight: 1 }),
    conditions({ ...due, workers: 0 }),
  ],
  [
    "only quiet workers",
    /1 worker is quiet, and no other.*QuietWorker with "quiet": false.*, or start another worker/,
    conditions({ ...due, workers: 0, quietWorkers: 1 }),
    conditions({ ...due, workers: 0 }),
  ],
  [
    "nothing due",
    /due in 1 s; wait, or call Retry/,
    conditions({ scheduled: 1, nextDueInMs: 1 }),
    delivering,
  ],
  ["busy", /raise max_in_flight/, conditions({ ...due, inFlight: 1, freeCredit: 0 }), delivering],
  ["isolated", /look for crashes/, conditions({ ...due, isolatedDue: 1, inFlight: 1 }), delivering],
  ["delivering", /being delivered/, delivering, conditions({ ...due, workers: 0 })],
];

const files = { "c.pem": "cert", "k.pem": "key" };
const errorsOf =
  (given: Given): Situation =>
  () =>
    loadErrors(given).join("\n");
const argv = (...args: string[]): Situation => errorsOf({ argv: args, files });
const warningsOf =
  (given: Given): Situation =>
  () =>
    loadOk(given).warnings.join("\n");
const open = "--listen-grpc=0.0.0.0:1";
const tls = ["--tls-cert=c.pem", "--tls-key=k.pem"];
const DLQ_TOKENS = "0123456789abcdef";
const kubernetes = { KUBERNETES_SERVICE_HOST: "10.0.0.1" };
const command =
  (...args: string[]): Situation =>
  async () =>
    (await cli(args)).stderr;

const SETTINGS: readonly Row[] = [
  ["open", /set DLQ_TOKENS/, argv(open), errorsOf({ argv: [open], env: { DLQ_TOKENS } })],
  ["open on purpose", /set DLQ_TOKENS/, argv(open), argv(open, "--insecure-listen")],
  [
    "one address",
    /choose another port/,
    argv("--listen-http=127.0.0.1:50051"),
    argv("--listen-http=off"),
  ],
  ["no key", /set tls-key/, argv("--tls-cert=c.pem"), argv("--tls-cert=c.pem", "--tls-key=k.pem")],
  ["no certificate", /set tls-cert/, argv("--tls-key=k.pem"), argv()],
  [
    "no TLS to Redis",
    /use redis-url with rediss, or redis-tls/,
    argv("--redis-url=redis://h", "--redis-tls-ca=c.pem"),
    argv("--redis-url=rediss://h", "--redis-tls-ca=c.pem"),
  ],
  [
    "TLS without Sentinel",
    /use redis-url with rediss$/,
    argv("--redis-tls"),
    argv("--redis-tls", "--redis-sentinels=h:1", "--redis-sentinel-name=m"),
  ],
  ["no token for metrics", /set DLQ_TOKENS or tokens/, argv("--metrics-access=token"), argv()],
  ["no token in a file", /write one token on a line/, argv("--tokens-file=c.pem"), argv()],
  ["unreadable", /check its path/, argv("--tls-cert=x.pem"), argv("--tls-cert=c.pem")],
  [
    "two kinds of Redis",
    /set only one of them/,
    argv("--redis-url=redis://h", "--redis-sentinels=h:1"),
    argv("--redis-url=redis://h"),
  ],
  [
    "no primary",
    /set redis-sentinel-name/,
    argv("--redis-sentinels=h:1"),
    argv("--redis-sentinels=h:1", "--redis-sentinel-name=m"),
  ],
  ["no Sentinel", /set redis-sentinels, or/, argv("--redis-sentinel-name=m"), argv()],
  ["a password", /into redis-url/, argv("--redis-password=p"), argv()],
  ["an unknown flag", /dlq-server help lists all/, argv("--frobnicate"), argv("--redis-timout=1s")],
  ["a similar flag", /mean --redis-timeout/, argv("--redis-timout=1s"), argv("--frobnicate")],
  ["no value", /for example --ttl=7d/, argv("--ttl", "--no-insecure-listen"), argv("--ttl=1d")],
  ["no file", /path of a YAML file/, argv("--config", "gone"), errorsOf({ yaml: "" })],
  ["a key of queues", /below "defaults:"/, errorsOf({ yaml: "ttl: 5s" }), errorsOf({ yaml: "" })],
  [
    "an unknown key",
    /dlq-server help/,
    errorsOf({ yaml: "xyz: 1" }),
    errorsOf({ yaml: "queus: {}" }),
  ],
  [
    "an unknown variable",
    /variables that start with DLQ_/,
    errorsOf({ env: { DLQ_FROBNICATE: "1" } }),
    errorsOf({ env: { DLQ_TTL: "1d" } }),
  ],
  [
    "a removed setting",
    /it was removed; outbox-max bounds/,
    argv("--journal-max-entries=5"),
    argv("--frobnicate"),
  ],
  ["an unknown command", /lists the commands/, command("frobnicate"), command("sreve")],
  [
    "a misplaced switch",
    /flag of dlq-server config/,
    command("serve", "--json"),
    command("config"),
  ],
  [
    "nothing to do",
    /outbox tail \[QUEUE\] shows/,
    command("outbox"),
    command("outbox", "tail", "a", "b"),
  ],
  [
    "no folder of a backup",
    /dlq-server restore FOLDER/,
    command("restore"),
    command("restore", "a", "b"),
  ],
  ["an operator's command", /of dlq, the operator's/, command("ls"), command("frobnicate")],
  ["help on nothing", /commands: serve/, command("help", "frobnicate"), command("help", "serve")],
  [
    "Kubernetes",
    /Set DLQ_REDIS_URL/,
    warningsOf({ env: kubernetes }),
    warningsOf({ env: { ...kubernetes, DLQ_REDIS_URL: "redis://h" } }),
  ],
  [
    "no tokens",
    /Set DLQ_TOKENS, or/,
    warningsOf({ argv: [open, "--insecure-listen"] }),
    warningsOf({ argv: [open], env: { DLQ_TOKENS } }),
  ],
  [
    "plain text",
    /Set tls-cert and tls-key/,
    warningsOf({ argv: [open], env: { DLQ_TOKENS } }),
    warningsOf({ argv: [open, "--tls-cert=c.pem", "--tls-key=k.pem"], env: { DLQ_TOKENS }, files }),
  ],
  [
    "a public key file",
    /Forbid that with chmod 640/,
    warningsOf({ argv: tls, files, publicFiles: ["k.pem"] }),
    warningsOf({ argv: tls, files }),
  ],
];

const queue =
  (over: Partial<QueueSettings>): Situation =>
  () =>
    findQueueContradictions({ ...DEFAULT_QUEUE_SETTINGS, ...over }, (k) => QUEUE_SETTINGS[k].name)
      .map(({ problem, hint }) => `${problem}; ${hint}`)
      .join("\n");

const QUEUES: readonly Row[] = [
  ["burst", /set rate too/, queue({ rateBurst: 1 }), queue({ rateBurst: 1, ratePerSecond: 1 })],
  [
    "burst by key",
    /set key-rate too/,
    queue({ keyAttribute: "a", keyRateBurst: 1 }),
    queue({ keyAttribute: "a", keyRateBurst: 1, keyRatePerSecond: 1 }),
  ],
  [
    "limits by key",
    /set key-attribute too/,
    queue({ keyMaxInFlight: 1 }),
    queue({ keyMaxInFlight: 1, keyAttribute: "a" }),
  ],
  [
    "the attribute of limiter keys is redacted",
    /it hides the attribute whose values are limiter keys.*remove the entry, or use another attribute/s,
    queue({ keyAttribute: "a", redact: ["attribute:a"] }),
    queue({ keyAttribute: "a", redact: ["attribute:b"] }),
  ],
  ["open time", /lower breaker-open-time/, queue({ breakerMaxOpenMs: 1 }), queue({})],
  [
    "reasons",
    /name at least one/,
    queue({ breaker: "queue", breakerReasons: [] }),
    queue({ breakerReasons: [] }),
  ],
];

const listening =
  (host: string, port = 0): Situation =>
  () =>
    checkAddress("HTTP", { host, port }).then(
      () => "",
      ({ message }: Error) => message,
    );
const free = listening("127.0.0.1");
const PORTS: readonly Row[] = [
  ["a taken port", /port with --listen-http$/, async () => takenPort(), free],
  ["a foreign address", /addresses with --listen-http$/, listening("192.0.2.1"), free],
  ["an unknown name", /check its spelling/, listening("no-such-name.invalid"), free],
];

async function takenPort(): Promise<string> {
  const server = await listen(createServer());
  return listening("127.0.0.1", portOf(server))();
}

async function listen(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

const redisWith =
  (...commands: string[][]): Situation =>
  async () =>
    checked(await urlOfRedis(...commands));

async function urlOfRedis(...commands: string[][]): Promise<string> {
  const redis = await startTestRedis({ args: ["--maxmemory", "1gb"] });
  onTestFinished(() => redis.stop());
  for (const one of commands) await redis.cli(...one);
  return `unix://${redis.socketPath}`;
}

/** The warnings, or the refusal, of a Redis. */
async function checked(url: string, allowEviction = false): Promise<string> {
  const connection = new Connection({ target: { kind: "url", url }, timeoutMs: 5_000 });
  onTestFinished(() => connection.close());
  await new Promise((resolve) => connection.redis.once("ready", resolve));
  return checkServer(connection, { prefix: "dlq", allowEviction, allowCluster: false }).then(
    (warnings) => warnings.join("\n"),
    ({ message }: Error) => message,
  );
}

/** A server that answers INFO like another Redis. */
const redisThat =
  (info: string): Situation =>
  async () => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", () => socket.write(`$${info.length}\r\n${info}\r\n`));
    });
    return checked(`redis://127.0.0.1:${portOf(await listen(server))}`);
  };

const good = redisWith();
const set = (name: string, value: string) => redisWith(["CONFIG", "SET", name, value]);
const EVICTS = ["CONFIG", "SET", "maxmemory-policy", "volatile-lru"];
const REDIS: readonly Row[] = [
  [
    "evicts",
    /run CONFIG SET .*, or set redis_allow_e/,
    set("maxmemory-policy", "allkeys-lru"),
    good,
  ],
  [
    "may evict",
    /stored twice; run CONFIG SET maxmemory-policy noeviction$/,
    async () => checked(await urlOfRedis(EVICTS), true),
    redisWith(EVICTS),
  ],
  ["has no limit of memory", /set maxmemory, so/, set("maxmemory", "0"), good],
  ["does not persist", /set appendonly yes/, set("appendonly", "no"), good],
  [
    "frees while calls wait",
    /answer for seconds; run CONFIG SET lazyfree-lazy-expire yes$/,
    set("lazyfree-lazy-expire", "no"),
    good,
  ],
  [
    "may not be asked how it frees",
    /CONFIG SET lazyfree-lazy-expire/,
    set("lazyfree-lazy-expire", "no"),
    redisWith(
      ["CONFIG", "SET", "lazyfree-lazy-expire", "no"],
      ["ACL", "SETUSER", "default", "-config"],
    ),
  ],
  ["allows no channel", /&dlq:\*/, redisWith(["ACL", "SETUSER", "default", "resetchannels"]), good],
  [
    "hides its replication id",
    /; use a Redis that reports/,
    redisThat("redis_version:7.0.0\r\n"),
    redisThat("redis_version:7.0.0\r\nmaster_replid:1f\r\n"),
  ],
  ["is too old", /install Redis 7\.0/, redisThat("redis_version:6.2.1\r\n"), good],
  ["is a cluster", /use a Redis with cluster/, redisThat("cluster_enabled:1\r\n"), good],
];

/** The system refuses to use the data folder. Real full disks are in test/e2e/full-disk.test.ts. */
const system =
  (code: string): Situation =>
  () =>
    systemAdvice(Object.assign(new Error(code), { code }), "the data folder") ?? "";
const absent = system("ENOENT");
const SYSTEM: readonly Row[] = [
  ["a full disk", /full: free space there \(df -h/, system("ENOSPC"), absent],
  ["a quota", /free space there, or raise it/, system("EDQUOT"), system("ENOSPC")],
  ["a read-only disk", /mount it so that it can be written/, system("EROFS"), absent],
  ["a disk that fails", /see dmesg/, system("EIO"), absent],
  ["no file descriptors", /\(ulimit -n\)/, system("EMFILE"), system("ENFILE")],
  ["none on the machine", /raise fs\.file-max/, system("ENFILE"), system("EMFILE")],
  ["no processes", /\(ulimit -u\)/, system("EAGAIN"), absent],
  ["no memory", /stop other programs, or add memory/, system("ENOMEM"), absent],
];

const TABLES = { CONDITIONS, SETTINGS, QUEUES, PORTS, REDIS, SYSTEM };

/** The rows of each file. */
const ROWS: Readonly<Record<string, readonly Row[]>> = {
  "src/core/queue-conditions.ts": CONDITIONS,
  "src/config/checks.ts": SETTINGS,
  "src/config/flags.ts": SETTINGS,
  "src/config/config-file.ts": SETTINGS,
  "src/config/environment.ts": SETTINGS,
  "src/config/removed-settings.ts": SETTINGS,
  "src/cli/cli.ts": SETTINGS,
  "src/config/queue-checks.ts": QUEUES,
  "src/rpc/bind.ts": PORTS,
  "src/store/redis/server-check.ts": REDIS,
  "src/store/embedded/system-advice.ts": SYSTEM,
};

describe.each(Object.entries(TABLES))("%s", (_table, rows) => {
  test.each(rows)("%s", async (_name, advises, given, notGiven) => {
    expect(await given()).toMatch(advises);
    expect(await notGiven()).not.toMatch(advises);
  });
});

const isAdvice = ({ text }: { text: string }) => !APART.some((one) => one.test(text));

test.each(Object.entries(ROWS))("each text of %s is given in a row", async (file, rows) => {
  const written = await Promise.all(rows.map(([, , given]) => given()));
  const texts = adviceIn(file).filter(isAdvice);
  expect(texts).not.toEqual([]);
  const missing = texts.filter(({ pattern }) => !written.some((one) => pattern.test(one)));
  expect(missing.map(({ text }) => text)).toEqual([]);
});

test.each(Object.entries(HELD_BY))("each text of %s is in %s", (file, held) => {
  const missing = adviceIn(file).filter(
    (one) => isAdvice(one) && !held.split(", ").some((other) => isIn(other, one)),
  );
  expect(missing.map(({ text }) => text)).toEqual([]);
});

test.each([...Object.keys(ROWS), ...Object.keys(HELD_BY)])("names in %s exist", (file) => {
  expect(adviceIn(file).flatMap(({ text }) => unknownNames(text))).toEqual([]);
});
