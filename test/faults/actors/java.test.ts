// The Java actors against a real server that is started again under them: what they write down is
// a whole history, and what they do ends each message by its plan.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { findAgents } from "../../contract/agent-program.ts";
import { connectTo, statsOf, type TestClient } from "../../support/grpc.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import type { HistoryEvent, Plan } from "../history/event.ts";
import { END, endsOf, of } from "./python/ends.ts";
import { parseEvent } from "./python/event-shapes.ts";

const MESSAGES = 400;
const RATE = 150;
const LEASE_MS = 1_500;
const WAIT = { timeout: 20_000, interval: 100 };
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
} satisfies Partial<Record<Plan, number>>;
const QUEUES = ["a", "b"];

const agent = findAgents().find(({ language }) => language === "java");
const children: ChildProcess[] = [];
let server: TestServer;
let client: TestClient;
let folder: string;
let produced: HistoryEvent[];
let worked: HistoryEvent[];

class Actor {
  readonly file: string;
  readonly #child: ChildProcess;
  #words = "";

  constructor(role: string, name: string, ...flags: readonly string[]) {
    if (agent === undefined) throw new Error("there is no agent of java");
    this.file = join(folder, `${name}.jsonl`);
    const [program = "", ...first] = agent.command;
    const own = ["--addresses", server.grpcAddress, "--out", this.file, "--name", name];
    this.#child = spawn(program, [...first, role, ...own, "--queues", QUEUES.join(), ...flags], {
      cwd: agent.folder,
      env: agent.env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child.stderr?.on("data", (words) => (this.#words += words));
    children.push(this.#child);
  }

  async ended(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) {
      await once(this.#child, "close", { signal: AbortSignal.timeout(30_000) });
    }
    expect(this.#child.exitCode, this.#words).toBe(0);
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.ended();
  }

  async history(): Promise<HistoryEvent[]> {
    const lines = (await readFile(this.file, "utf8").catch(() => "")).split("\n");
    return lines.slice(0, -1).map(parseEvent);
  }

  /** Files of the client's spool. */
  spooled(): number {
    const spool = this.file.replace(/\.jsonl$/, ".spool-folder");
    const names = existsSync(spool) ? readdirSync(spool, { recursive: true }) : [];
    return names.filter((name) => String(name).endsWith(".spool")).length;
  }
}

function startProducer(name: string, messages: number, plans: Partial<Record<Plan, number>>) {
  const size = ["--messages", `${messages}`, "--rate", `${RATE}`, "--seed", "7"];
  return new Actor("producer", name, ...size, "--plans", JSON.stringify(plans));
}

async function workedOff(stock: number): Promise<void> {
  const stats = await Promise.all(QUEUES.map((queue) => statsOf(client.dlq, queue)));
  const sum = (field: "inFlight" | "scheduled") =>
    stats.reduce((all, queue) => all + Number(queue[field] ?? 0n), 0);
  expect([sum("inFlight"), sum("scheduled")]).toEqual([0, stock]);
}

beforeAll(async () => {
  await agent?.ready();
  folder = await mkdtemp("/tmp/dlq-actors-");
  server = await startTestServer();
  client = connectTo(server.grpcAddress);
  const worker = new Actor("worker", "java-worker-1", "--lease-ms", `${LEASE_MS}`);
  const producer = startProducer("java-producer-1", MESSAGES, WEIGHTS);
  await vi.waitFor(async () => {
    expect(of(await producer.history(), "sent").length).toBeGreaterThan(MESSAGES / 4);
    expect(of(await worker.history(), "acked").length).toBeGreaterThan(10);
  }, WAIT);
  await server.restart();
  await producer.ended();
  produced = await producer.history();
  const stock = new Set(
    of(produced, "sending").flatMap(({ plan, source }) => (plan === "stock" ? source : [])),
  );
  await vi.waitFor(() => workedOff(stock.size), WAIT);
  await worker.stop();
  worked = await worker.history();
}, 700_000);

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  client?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

it("both write a whole history, from `started` to `ended`, through a restart", () => {
  for (const [events, role] of [
    [produced, "producer"],
    [worked, "worker"],
  ] as const) {
    expect(events[0]).toMatchObject({ e: "started", role, language: "java" });
    expect(events.at(-1)?.e).toBe("ended");
    const times = events.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  }
  expect(of(produced, "unsent").length).toBeGreaterThan(0);
  expect(of(worked, "closed").map(({ why }) => why)).toContain("drain");
  const names = (events: readonly { readonly stream: string }[]) =>
    events.map(({ stream }) => stream).toSorted();
  expect(names(of(worked, "opened")).length).toBeGreaterThan(1);
  expect(names(of(worked, "closed"))).toEqual(names(of(worked, "opened")));
});

it("what was not answered is sent again as the same request, and each is sent at last", () => {
  const sendings = of(produced, "sending");
  const requests = new Set(sendings.map(({ request }) => request));
  expect(requests.size).toBe(MESSAGES);
  expect(new Set(sendings.map(({ source }) => source)).size).toBe(MESSAGES);
  expect(new Set(of(produced, "sent").map(({ request }) => request))).toEqual(requests);
  expect(sendings.length).toBe(of(produced, "sent").length + of(produced, "unsent").length);
});

it("each message is delivered as it was sent, and ends by its plan", () => {
  const sent = new Map(of(produced, "sending").map((sending) => [sending.source, sending]));
  for (const { source, sum, plan, queue } of of(worked, "delivered")) {
    expect(sent.get(source)).toMatchObject({ sum, plan, queue });
  }
  const ends = endsOf(worked);
  for (const { source, plan } of sent.values()) {
    const end = [...(ends.get(source) ?? [])];
    if (END[plan] === undefined) expect([plan, end]).toEqual([plan, []]);
    else expect(end, `${source} of plan ${plan}`).toContain(END[plan]);
  }
  const plans = [...sent.values()].map(({ plan }) => plan);
  expect([...new Set(plans)].toSorted()).toEqual(Object.keys(WEIGHTS).toSorted());
});

it("leases of slow work are extended", () => {
  const slow = of(worked, "delivered").filter(({ plan }) => plan === "slow");
  const expires = new Map(slow.map(({ token, expires }) => [token, expires]));
  const extended = of(worked, "extended").flatMap(({ leases }) => leases);
  expect(extended.length).toBeGreaterThanOrEqual(expires.size);
  for (const lease of extended) {
    expect(lease.expires).toBeGreaterThan(expires.get(lease.token) ?? 0);
  }
});

it("a producer that is told to end sends what it has kept in its spool before it does", async () => {
  const producer = startProducer("java-producer-2", 100_000, { stock: 1 });
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
  const numbers = [...sources].map((source) => Number(/-(\d+)(?:\.|$)/.exec(source)?.[1]));
  expect(sources.size).toBe(Math.max(...numbers));
  expect(producer.spooled()).toBe(0);
}, 90_000);
