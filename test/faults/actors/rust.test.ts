// The actors of the Rust client against a real server that is started again under them: what they
// write down is a whole history, and what they do ends each message by its plan.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { findAgents } from "../../contract/agent-program.ts";
import { connectTo, statsOf, type TestClient } from "../../support/grpc.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import type { HistoryEvent, Plan } from "../history/event.ts";
import { END, endsOf, of } from "./python/ends.ts";
import { parseEvent } from "./python/event-shapes.ts";

const MESSAGES = 400;
const RATE = 150;
const WEIGHTS: Readonly<Partial<Record<Plan, number>>> = {
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
};
const QUEUES = ["a", "b"];
const LEASE_MS = 1_500;
const BUILD_MS = 600_000;
const WAIT = { timeout: 20_000, interval: 100 };

const program = findAgents().find(({ language }) => language === "rust");
const children: ChildProcess[] = [];
let server: TestServer;
let client: TestClient;
let folder: string;

beforeAll(async () => {
  await program?.ready();
  folder = await mkdtemp("/tmp/dlq-actors-");
  server = await startTestServer();
  client = connectTo(server.grpcAddress);
}, BUILD_MS);
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  client?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

class Actor {
  readonly file: string;
  readonly #child: ChildProcess;
  #words = "";

  constructor(part: "producer" | "worker", name: string, flags: readonly string[]) {
    const [command = "", ...given] = program?.command ?? [];
    this.file = join(folder, `${name}.jsonl`);
    const common = ["--addresses", server.grpcAddress, "--out", this.file, "--name", name];
    const args = [...given, part, ...common, "--queues", QUEUES.join(), ...flags];
    this.#child = spawn(command, args, { env: program?.env, stdio: ["ignore", "ignore", "pipe"] });
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

  /** Files of the client's spool. */
  spooled(): number {
    const spool = this.file.replace(/\.jsonl$/, ".spool-folder");
    const names = existsSync(spool) ? readdirSync(spool, { recursive: true }) : [];
    return names.filter((name) => String(name).endsWith(".spool")).length;
  }

  async history(): Promise<HistoryEvent[]> {
    const lines = (await readFile(this.file, "utf8").catch(() => "")).split("\n");
    // The shapes were written for the actors of Python.
    return lines.slice(0, -1).map((line) => parseEvent(line.replace('"rust"', '"python"')));
  }
}

function startProducer(name: string, messages: number, plans: Readonly<Record<string, number>>) {
  const flags = ["--messages", `${messages}`, "--rate", `${RATE}`, "--seed", "7", "--plans"];
  return new Actor("producer", name, [...flags, JSON.stringify(plans)]);
}

describe("through a restart of the server", () => {
  let produced: HistoryEvent[];
  let worked: HistoryEvent[];
  beforeAll(async () => {
    const worker = new Actor("worker", "rust-worker-1", ["--lease-ms", `${LEASE_MS}`]);
    const producer = startProducer("rust-producer-1", MESSAGES, WEIGHTS);
    await vi.waitFor(async () => {
      expect(of(await producer.history(), "sent").length).toBeGreaterThan(MESSAGES / 4);
      expect(of(await worker.history(), "acked").length).toBeGreaterThan(10);
    }, WAIT);
    await server.restart();
    await producer.ended();
    produced = await producer.history();
    const stock = of(produced, "sending").filter(({ plan }) => plan === "stock");
    const left = new Set(stock.map(({ source }) => source)).size;
    await vi.waitFor(async () => {
      const stats = await Promise.all(QUEUES.map((queue) => statsOf(client.dlq, queue)));
      expect(stats.reduce((all, { inFlight }) => all + Number(inFlight), 0)).toBe(0);
      expect(stats.reduce((all, { scheduled }) => all + Number(scheduled), 0)).toBe(left);
    }, WAIT);
    await worker.stop();
    worked = await worker.history();
  }, 90_000);

  it("both write a whole history, from `started` to `ended`", () => {
    for (const [events, role] of [
      [produced, "producer"],
      [worked, "worker"],
    ] as const) {
      expect(events[0]).toMatchObject({ e: "started", role });
      expect(events.at(-1)?.e).toBe("ended");
      const times = events.map(({ at }) => at);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
    // The fault was there, and they went on.
    expect(of(worked, "closed").map(({ why }) => why)).toContain("drain");
    const opened = of(worked, "opened").map(({ stream }) => stream);
    const closed = of(worked, "closed").map(({ stream }) => stream);
    expect(opened.length).toBeGreaterThan(1);
    expect(closed.toSorted()).toEqual(opened.toSorted());
  });

  it("what was not answered is sent again as the same request, and each is sent at last", () => {
    const sendings = of(produced, "sending");
    const requests = new Set(sendings.map(({ request }) => request));
    expect(requests.size).toBe(MESSAGES);
    expect(new Set(of(produced, "sent").map(({ request }) => request))).toEqual(requests);
    const answers = of(produced, "sent").length + of(produced, "unsent").length;
    expect(sendings.length).toBe(answers);
  });

  it("each message is delivered as it was sent, and ends by its plan", () => {
    const sent = new Map(of(produced, "sending").map((sending) => [sending.source, sending]));
    for (const { source, sum, plan, queue } of of(worked, "delivered")) {
      expect(sent.get(source)).toMatchObject({ sum, plan, queue });
    }
    const ends = endsOf(worked);
    for (const { source, plan } of sent.values()) {
      const end = [...(ends.get(source) ?? [])];
      if (END[plan] === undefined) expect([source, plan, end]).toEqual([source, plan, []]);
      else expect(end, `${source} of plan ${plan}`).toContain(END[plan]);
    }
    const plans = new Set([...sent.values()].map(({ plan }) => plan));
    expect([...plans].toSorted()).toEqual(Object.keys(WEIGHTS).toSorted());
  });

  it("leases of slow work are extended", () => {
    const slow = of(worked, "delivered").filter(({ plan }) => plan === "slow");
    const firstEnds = new Map(slow.map(({ token, expires }) => [token, expires]));
    const extended = of(worked, "extended").flatMap(({ leases }) => leases);
    expect(extended.length).toBeGreaterThanOrEqual(slow.length);
    for (const { token, expires } of extended) {
      expect(expires).toBeGreaterThan(firstEnds.get(token) ?? 0);
    }
  });
});

it("a producer that is told to end delivers first what is in its spool", async () => {
  const producer = startProducer("rust-producer-2", 100_000, { stock: 1 });
  await vi.waitFor(async () => {
    expect(of(await producer.history(), "sent").length).toBeGreaterThan(20);
  }, WAIT);
  await server.kill9();
  await vi.waitFor(() => expect(producer.spooled()).toBeGreaterThan(0), WAIT);
  await server.restart();
  await producer.stop();
  const events = await producer.history();
  expect(events.at(-1)?.e).toBe("ended");
  expect(of(events, "unsent").length).toBeGreaterThan(0);
  const sources = of(events, "sending").map(({ source }) => source);
  const sent = of(events, "sent").map(({ request }) => request);
  expect(new Set(sent).size).toBe(new Set(sources).size);
  // None of those that were made is missing: they are numbered.
  const numbers = sources.map((source) => Number(/^rust-producer-2-(\d+)/.exec(source)?.[1]));
  expect(new Set(sources).size).toBe(Math.max(...numbers));
  expect(producer.spooled()).toBe(0);
}, 90_000);
