// Sends while the service is unavailable arrive once when it is back: with real processes, a real
// server, and a link between them that can be cut.

import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createSecureServer, createServer } from "node:http2";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { join } from "node:path";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  createDlqClient,
  type DlqClient,
  type DlqClientOptions,
  type SendResult,
  type TlsOptions,
} from "../../../../clients/typescript/src/index.ts";
import { statsOf } from "../../../support/grpc.ts";
import { LinkProxy } from "../../../support/link-proxy.ts";
import { startTestRedis } from "../../../support/redis.ts";
import { startTestServer, type TestServer } from "../../../support/server.ts";
import { clientOf, errorOf, WAIT } from "../client.ts";
import { newFolder, spoolFiles, startProcess } from "./spool-support.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const error = new Error("it broke");
const LONG = { timeout: 90_000 };
let count = 0;
const newQueue = () => `spool${++count}`;

interface Outage {
  readonly address: string;
  comeBack(): void;
}

/** Returns an address at which the server is unreachable until `comeBack` is called. */
async function outage(): Promise<Outage> {
  let isUp = false;
  const port = Number(server.grpcAddress.split(":")[1]);
  const proxy = await LinkProxy.open(() => (isUp ? [{ port }] : []));
  onTestFinished(() => proxy.close());
  return {
    address: proxy.address,
    comeBack: () => {
      isUp = true;
    },
  };
}

function spooling(
  { address }: Pick<Outage, "address">,
  folder: string,
  options: Omit<DlqClientOptions, "url"> = {},
): DlqClient {
  return clientOf({ grpcAddress: address }, { timeoutMs: 200, spool: { folder }, ...options });
}

async function hasAccepted(queue: string, messages: number): Promise<void> {
  const dlq = clientOf(server);
  await vi.waitFor(async () => {
    const { totals } = await statsOf(dlq.stubs, queue);
    expect(totals?.accepted).toBe(BigInt(messages));
  }, WAIT);
}

const statuses = (results: readonly SendResult[]) => [
  ...new Set(results.map(({ status }) => status)),
];
const SPOOLED = { status: "spooled", durable: true };

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it("a program that ends at once sends what its last run has left, and logs it", LONG, async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  const [link, folder, queue] = [await outage(), await newFolder(), newQueue()];
  const first = spooling(link, folder);
  expect(await first.send(queue, "first", error)).toEqual(SPOOLED);
  await first.close();
  link.comeBack();
  const next = spooling(link, folder, { timeoutMs: 60_000 });
  expect((await next.send(queue, "second", error)).status).toBe("sent");
  await next.close();
  expect((await statsOf(clientOf(server).stubs, queue)).totals).toMatchObject({ accepted: 2n });
  expect(await spoolFiles(folder)).toEqual([]);
  const { address } = link;
  expect(log.mock.calls.map(([line]) => line).slice(-3)).toEqual([
    `dlq: messages stay in the spool for ${address} (1); the next client with the same service and target sends them`,
    `dlq: the spool for ${address} has messages of an earlier run (1); sending them`,
    `dlq: the spool for ${address} is empty again`,
  ]);
});

it("a service without its store counts as unavailable, also for batches", LONG, async () => {
  const redis = await startTestRedis();
  const withStore = await startTestServer({ redisUrl: redis.url });
  onTestFinished(async () => {
    await withStore.stop();
    await redis.stop();
  });
  const [folder, queue] = [await newFolder(), newQueue()];
  const dlq = spooling({ address: withStore.grpcAddress }, folder, { timeoutMs: 590_000 });
  await redis.kill9();
  const sends: Promise<SendResult>[] = [];
  const pair = () => {
    const two = [dlq.send(queue, "a", error), dlq.send(queue, "b", error)];
    sends.push(...two);
    return two;
  };
  const first = Promise.all(pair());
  const late = async () => {
    const next = await Promise.race([Promise.all(pair()), pause(50)]);
    expect(next).toEqual([SPOOLED, SPOOLED]);
  };
  await vi.waitFor(late, WAIT);
  await redis.restart();
  await first;
  const results = await Promise.all(sends);
  expect(statuses(results).sort()).toEqual(["sent", "spooled"]);
  await vi.waitFor(async () => {
    const { totals } = await statsOf(dlq.stubs, queue);
    expect(totals?.accepted).toBe(BigInt(sends.length));
  }, WAIT);
});

describe("a send is spooled at once if its TLS handshake fails", () => {
  const file = (name: string) => readFile(new URL(`../../../rpc/tls/${name}`, import.meta.url));
  const secure = async () =>
    createSecureServer({ cert: await file("test-only.crt"), key: await file("test-only.key") });

  it.each<[string, () => Promise<Server>, TlsOptions]>([
    ["the port is plaintext", async () => createServer(), {}],
    ["the port closes the connection", async () => createTcpServer((one) => one.destroy()), {}],
    ["the authority of the certificate is unknown", secure, {}],
    ["the certificate has another name", secure, { serverName: "other.example" }],
  ])("%s", async (_, make, tls) => {
    const listener = (await make()).on("tlsClientError", () => {}).on("sessionError", () => {});
    onTestFinished(() => void listener.close());
    await once(listener.listen(0, "127.0.0.1"), "listening");
    const { port } = listener.address() as AddressInfo;
    const ca = tls.serverName === undefined ? undefined : await file("test-only.crt");
    const dlq = createDlqClient({
      url: `https://127.0.0.1:${port}`,
      tls: { ...tls, ca },
      spool: { folder: await newFolder() },
      timeoutMs: 590_000,
    });
    onTestFinished(() => dlq.close(0));
    expect(await dlq.send("q", "x", error)).toEqual(SPOOLED);
  });
});

it("the spool uses the same request id and send number as the tries before", async () => {
  const [link, folder, queue] = [await outage(), await newFolder(), newQueue()];
  const seen = new Map<string, Set<string>>();
  const see: Interceptor = (next) => (request) => {
    const message = request.message as { requests?: object[] };
    for (const one of message.requests ?? [message]) {
      const { requestId, sendNumber } = one as {
        requestId: string;
        sendNumber?: { clientId: Uint8Array; number: bigint };
      };
      const number = `${Buffer.from(sendNumber?.clientId ?? []).toString("hex")} ${sendNumber?.number}`;
      seen.set(requestId, (seen.get(requestId) ?? new Set()).add(number));
    }
    return next(request);
  };
  const dlq = spooling(link, folder, { interceptors: [see] });
  const ids = ["one", "two"].map(() => crypto.randomUUID());
  const sends = ids.map((requestId) => dlq.send(queue, "x", error, { requestId }));
  expect(await Promise.all(sends)).toEqual([SPOOLED, SPOOLED]);
  link.comeBack();
  await hasAccepted(queue, 2);
  const numbers = ids.map((id) => [...(seen.get(id) ?? [])]);
  expect(numbers.map(({ length }) => length)).toEqual([1, 1]);
  const [[first = ""] = [], [second = ""] = []] = numbers;
  expect(first).toMatch(/^[0-9a-f]{32} 1$/);
  expect(second).toBe(first.replace(/1$/, "2"));
});

it("a message that is too large for the service does not stop the others", LONG, async () => {
  const [link, folder, queue] = [await outage(), await newFolder(), newQueue()];
  const onDropped = vi.fn();
  const dlq = spooling(link, folder, { onDropped });
  const payloads = ["x", "x".repeat(5 * 1024 ** 2), "x"];
  await Promise.all(payloads.map((payload) => dlq.send(queue, payload, error)));
  link.comeBack();
  await hasAccepted(queue, 2);
  await vi.waitFor(async () => expect(await spoolFiles(folder)).toEqual([]), WAIT);
  expect(onDropped).toHaveBeenCalledOnce();
});

describe("after a kill -9 of a process", () => {
  it(
    "its messages are sent although another process runs: each has its own file",
    LONG,
    async () => {
      const [link, folder, queue] = [await outage(), await newFolder(), newQueue()];
      const options = { url: `http://${link.address}`, timeoutMs: 100, spool: { folder } };
      const running = await startProcess({ options, queue, payloads: ["a", "b"] });
      const dying = await startProcess({ options, queue, payloads: ["c", "d"] });
      const names = (await spoolFiles(folder)).map((name) => Number(name.split("-")[1]));
      expect(names.sort()).toEqual([running.pid, dying.pid].sort());
      await dying.kill9();
      link.comeBack();
      spooling(link, folder);
      await hasAccepted(queue, 4);
    },
  );
});

/** Makes all spool folders unwritable. Returns a spy of the console. */
async function withoutDisk(folder: string) {
  const blocked = join(folder, "default");
  await writeFile(blocked, "a file where the folder should be");
  vi.stubEnv("DLQ_SPOOL_DIR", "");
  vi.stubEnv("XDG_STATE_HOME", blocked);
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => {
    log.mockRestore();
    vi.unstubAllEnvs();
  });
  return log;
}

describe("a closed client", () => {
  it("drops messages that are only in memory", async () => {
    const [link, folder, queue] = [await outage(), await newFolder(), newQueue()];
    const log = await withoutDisk(folder);
    const onDropped = vi.fn();
    const dlq = spooling(link, folder, { onDropped });
    expect(await dlq.send(queue, "x", error)).toEqual({ status: "spooled", durable: false });
    expect(log.mock.calls.join()).toContain("keeping messages in memory, which are lost");
    await dlq.close(0);
    const dropped = { kind: "closed", message: expect.stringMatching(/the last try failed: ./) };
    expect(onDropped.mock.calls).toEqual([[expect.objectContaining(dropped), queue]]);
  });
});

it("a send without room in the spool is dropped as spool-full", async () => {
  const [link, folder] = [await outage(), await newFolder()];
  const dlq = spooling(link, folder, { spool: { folder, maxBytes: 100 } });
  const dropped = errorOf(await dlq.send(newQueue(), "x", error));
  expect(dropped).toMatchObject({ kind: "spool-full", maybeStored: false }); // it had no connection
});

it("spool-full names the refusal that sent the message to the spool", async () => {
  const refuse: Interceptor = () => () => {
    throw new ConnectError("who are you?", Code.Unauthenticated);
  };
  const spool = { folder: await newFolder(), maxBytes: 100 };
  const dlq = clientOf(server, { spool, interceptors: [refuse] });
  const { kind, code, message } = errorOf(await dlq.send(newQueue(), "x", error));
  expect([kind, code]).toEqual(["spool-full", Code.Unauthenticated]);
  expect(message).toMatch(/it was not sent: who are you\?; fix that/);
});

it("a message that cannot be encoded is dropped, and the others are kept", async () => {
  const [link, folder, queue] = [await outage(), await newFolder(), newQueue()];
  const dlq = spooling(link, folder);
  const isKnown = async () => {
    const next = await Promise.race([dlq.send(queue, "x", error), pause(20)]);
    expect(next).toEqual(SPOOLED);
  };
  await vi.waitFor(isKnown, WAIT);
  const [bad, good] = [
    dlq.send(queue, "x", error, { maxRetries: -1 }),
    dlq.send(queue, "y", error),
  ];
  expect(errorOf(await bad)).toMatchObject({ kind: "invalid", maybeStored: false });
  expect(await good).toEqual(SPOOLED);
});

it("a send that is aborted while it moves to the spool is maybeStored, and is sent", async () => {
  const [link, folder, queue] = [await outage(), await newFolder(), newQueue()];
  const dlq = spooling(link, folder, { coalesce: { maxPendingMessages: 1 }, timeoutMs: 590_000 });
  void dlq.send(queue, "first", error);
  const controller = new AbortController();
  const second = dlq.send(queue, "second", error, { signal: controller.signal });
  controller.abort();
  expect(errorOf(await second)).toMatchObject({ kind: "aborted", maybeStored: true });
  link.comeBack();
  await hasAccepted(queue, 2);
});

it("a deadLetter function does not throw if its message is on disk", async () => {
  const [link, folder] = [await outage(), await newFolder()];
  const dlq = spooling(link, folder);
  const charge = dlq.deadLetter(newQueue(), () => Promise.reject(error));
  expect(await charge()).toBeUndefined();
});
