// The Python actors against a real server that is started again under them: what they write down is
// a whole history, and what they do ends each message by its plan; by bare stubs and by the client.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { connectTo, type DlqClient, statsOf, type TestClient } from "../../support/grpc.ts";
import { findPython, pythonEnvironment } from "../../support/python.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import type { HistoryEvent, Plan } from "../history/event.ts";
import { END, endsOf, of } from "./python/ends.ts";
import { parseEvent } from "./python/event-shapes.ts";

type Weights = Readonly<Partial<Record<Plan, number>>>;

const FOLDER = resolve(import.meta.dirname, "python");
const MESSAGES = 400;
const RATE = 150;
const WEIGHTS = {
  ok: 40,
  fail1: 10,
  fail2: 6,
  exhaust: 6,
  bad: 6,
  discard: 6,
  quarantine: 6,
  release: 6,
  slow: 6,
  stock: 2,
} satisfies Weights;
/** Who calls how, each with queues of its own. */
const APIS = [
  {
    api: "stubs",
    queues: ["a", "b"],
    weights: { ...WEIGHTS, silent: 6 } as Weights,
    worker: ["worker.py", "--streams", "2"],
    producer: "producer.py",
    streams: 2,
  },
  {
    api: "client",
    queues: ["c", "d"],
    weights: WEIGHTS as Weights, // a client leaves no lease to its end
    worker: ["client_worker.py"],
    producer: "client_producer.py",
    streams: 1,
  },
] as const;
type Api = (typeof APIS)[number];
const WAIT = { timeout: 15_000, interval: 100 };
const LEASE_MS = 1_500;

class Actor {
  readonly file: string;
  readonly #child: ChildProcess;
  #words = "";

  constructor(program: string, name: string, queues: readonly string[], flags: readonly string[]) {
    this.file = join(dataDir, `${name}.jsonl`);
    const common = ["--addresses", server.grpcAddress, "--out", this.file, "--name", name];
    const args = [join(FOLDER, program), ...common, "--queues", queues.join(), ...flags];
    this.#child = spawn(findPython(), args, {
      env: pythonEnvironment(),
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child.stderr?.on("data", (words) => (this.#words += words));
    children.push(this.#child);
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async ended(): Promise<void> {
    if (this.isRunning) await once(this.#child, "close", { signal: AbortSignal.timeout(15_000) });
    expect(this.#child.exitCode, this.#words).toBe(0);
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.ended();
  }

  /** Files of the client's spool. */
  spooled(): number {
    const folder = this.file.replace(/\.jsonl$/, ".spool-folder");
    const names = existsSync(folder) ? readdirSync(folder, { recursive: true }) : [];
    return names.filter((name) => String(name).endsWith(".spool")).length;
  }

  async history(): Promise<HistoryEvent[]> {
    const lines = (await readFile(this.file, "utf8").catch(() => "")).split("\n");
    return lines.slice(0, -1).map(parseEvent);
  }
}

const children: ChildProcess[] = [];
let server: TestServer;
let client: TestClient;
let dlq: DlqClient;
let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp("/tmp/dlq-actors-");
  server = await startTestServer();
  client = connectTo(server.grpcAddress);
  dlq = client.dlq;
}, 60_000);
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  client?.close();
  await server?.stop();
  await rm(dataDir, { recursive: true, force: true });
}, 60_000);

function startProducer(of: Api, name: string, messages: number, plans: Weights) {
  const flags = ["--messages", `${messages}`, "--rate", `${RATE}`, "--plans"];
  return new Actor(of.producer, name, of.queues, [...flags, JSON.stringify(plans), "--seed", "7"]);
}

function startWorker({ worker: [program, ...flags], queues }: Api, name: string): Actor {
  return new Actor(program, name, queues, ["--lease-ms", `${LEASE_MS}`, ...flags]);
}

/** Nothing is left that a worker could end. */
async function expectWorkedOff(queues: readonly string[], stock: number): Promise<void> {
  const stats = await Promise.all(queues.map((queue) => statsOf(dlq, queue)));
  const sum = (pick: (queue: (typeof stats)[number]) => bigint | undefined) =>
    stats.reduce((all, queue) => all + Number(pick(queue) ?? 0n), 0);
  expect(sum((queue) => queue.inFlight)).toBe(0);
  expect(sum((queue) => queue.scheduled)).toBe(stock);
}

describe.for(APIS)("through a restart of the server, by $api", (used) => {
  const { api, queues, weights } = used;
  let produced: HistoryEvent[];
  let worked: HistoryEvent[];
  beforeAll(async () => {
    const worker = startWorker(used, `py-${api}-worker-1`);
    const producer = startProducer(used, `py-${api}-producer-1`, MESSAGES, weights);
    await vi.waitFor(async () => {
      expect(of(await producer.history(), "sent").length).toBeGreaterThan(MESSAGES / 4);
      expect(of(await worker.history(), "acked").length).toBeGreaterThan(10);
    }, WAIT);
    await server.restart();
    await producer.ended();
    produced = await producer.history();
    const stock = new Set(
      of(produced, "sending")
        .filter(({ plan }) => plan === "stock")
        .map(({ source }) => source),
    );
    await vi.waitFor(() => expectWorkedOff(queues, stock.size), WAIT);
    await worker.stop();
    worked = await worker.history();
  }, 60_000);

  it("both write a whole history, from `started` to `ended`", () => {
    for (const [events, role] of [
      [produced, "producer"],
      [worked, "worker"],
    ] as const) {
      expect(events[0]).toMatchObject({ e: "started", role, language: "python" });
      expect(events.at(-1)?.e).toBe("ended");
      const times = events.map(({ at }) => at);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
    // The fault was there, and they went on.
    expect(of(produced, "unsent").length).toBeGreaterThan(0);
    expect(of(worked, "closed").map(({ why }) => why)).toContain("drain");
    const streams = of(worked, "opened").map(({ stream }) => stream);
    expect(streams.length).toBeGreaterThan(used.streams);
    expect(
      of(worked, "closed")
        .map(({ stream }) => stream)
        .toSorted(),
    ).toEqual(streams.toSorted());
  });

  it("what was not answered is sent again as the same request, and each is sent at last", () => {
    const sendings = of(produced, "sending");
    const requests = new Set(sendings.map(({ request }) => request));
    expect(requests.size).toBe(MESSAGES);
    expect(new Set(sendings.map(({ source }) => source)).size).toBe(MESSAGES);
    expect(new Set(of(produced, "sent").map(({ request }) => request))).toEqual(requests);
    const answers = of(produced, "sent").length + of(produced, "unsent").length;
    expect(sendings.length).toBe(answers);
  });

  it("each message is delivered as it was sent, but for stock", () => {
    const sent = new Map(of(produced, "sending").map((sending) => [sending.source, sending]));
    const delivered = of(worked, "delivered");
    for (const { source, sum, plan, queue } of delivered) {
      expect(sent.get(source)).toMatchObject({ sum, plan, queue });
    }
    const due = [...sent.values()].filter(({ plan }) => plan !== "stock");
    expect(new Set(delivered.map(({ source }) => source))).toEqual(
      new Set(due.map(({ source }) => source)),
    );
  });

  it("each message ends by its plan", () => {
    const ends = endsOf(worked);
    const plans = new Map(of(produced, "sending").map(({ source, plan }) => [source, plan]));
    for (const [source, plan] of plans) {
      const end = [...(ends.get(source) ?? [])];
      if (END[plan] === undefined) expect([source, plan, end]).toEqual([source, plan, []]);
      else expect(end, `${source} of plan ${plan}`).toContain(END[plan]);
    }
    expect([...new Set(plans.values())].toSorted()).toEqual(Object.keys(weights).toSorted());
  });

  it("leases of slow work are extended", () => {
    const slow = new Map(
      of(worked, "delivered")
        .filter(({ plan }) => plan === "slow")
        .map(({ token, expires }) => [token, expires]),
    );
    const extended = of(worked, "extended").flatMap(({ leases }) => leases);
    expect(extended.length).toBeGreaterThanOrEqual(slow.size);
    for (const { token, expires } of extended)
      expect(expires).toBeGreaterThan(slow.get(token) ?? 0);
  });

  it("silent work comes again as of unknown outcome", () => {
    const silent = of(worked, "delivered").filter(({ plan }) => plan === "silent");
    const ignored = new Set(silent.filter(({ number }) => number === 1).map(({ id }) => id));
    const again = silent.filter(({ id, number }) => number === 2 && ignored.has(id));
    expect(again.length > 0).toBe("silent" in weights);
    expect(again.map(({ unknown }) => unknown)).not.toContain(false);
  });
});

it.for(APIS)(
  "a producer that is told to end waits for what is out, by $api",
  { timeout: 60_000 },
  async (used) => {
    const name = `py-${used.api}-producer-2`;
    const producer = startProducer(used, name, 100_000, { stock: 1 });
    await vi.waitFor(async () => {
      expect(of(await producer.history(), "sent").length).toBeGreaterThan(20);
    }, WAIT);
    await producer.stop();
    const events = await producer.history();
    expect(events.at(-1)?.e).toBe("ended");
    const sent = of(events, "sent").map(({ request }) => request);
    expect(new Set(sent)).toEqual(new Set(of(events, "sending").map(({ request }) => request)));
    expect(sent.length).toBeLessThan(100_000);
  },
);

it("a producer that has a client sends what it has kept in its spool before it ends", async () => {
  const [, client] = APIS;
  const producer = startProducer(client, "py-client-producer-3", 100_000, { stock: 1 });
  await vi.waitFor(async () => {
    expect(of(await producer.history(), "sent").length).toBeGreaterThan(20);
  }, WAIT);
  await server.kill9();
  await vi.waitFor(() => expect(producer.spooled()).toBeGreaterThan(0), WAIT);
  await server.restart();
  await producer.stop();
  const events = await producer.history();
  expect(events.at(-1)?.e).toBe("ended");
  const sources = new Set(of(events, "sending").map(({ source }) => source));
  expect(new Set(of(events, "sent").map(({ request }) => request)).size).toBe(sources.size);
  // None of those that were made is missing: they are numbered.
  expect(sources.size).toBe(Math.max(...[...sources].map(numberOf)));
  expect(producer.spooled()).toBe(0);
}, 60_000);

const numberOf = (source: string) => Number(/^py-client-producer-3-(\d+)/.exec(source)?.[1]);
