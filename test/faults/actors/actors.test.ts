// The actors of all languages but TypeScript, and those with plain stubs in Python, with a real server that restarts
// during the run: their histories must be complete, and each message must end by its plan.

import { mkdtemp, rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { findAgents } from "../../contract/agent-program.ts";
import { connectTo, type DlqClient, statsOf, type TestClient } from "../../support/grpc.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import type { HistoryEvent, Plan } from "../history/event.ts";
import type { ActorArgs } from "../rig/actor.ts";
import { type ActorProgram, builtLanguages, byAgent, inPython } from "../rig/actor-program.ts";
import { ActorProcess } from "./actor-process.ts";
import { END, endsOf, of } from "./ends.ts";

type Weights = Readonly<Partial<Record<Plan, number>>>;

/** The least messages of each producer: enough for each plan. */
const MESSAGES = 400;
const ENDLESS = 100_000;
const RATE = 75;
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
  baseline: 2,
} satisfies Weights;
/** A producer and a worker of one language or kind of client, with their own queues. */
interface Api {
  readonly name: string;
  readonly language: string;
  readonly queues: readonly string[];
  readonly weights: Weights;
  readonly producer: ActorProgram;
  readonly worker: ActorProgram;
  readonly workerArgs: ActorArgs;
  /** Streams of its worker. */
  readonly streams: number;
}

const STUBS: Api = {
  ...{ name: "py-stubs", language: "python", queues: ["py-stubs-a", "py-stubs-b"], streams: 2 },
  weights: { ...WEIGHTS, silent: 6 },
  producer: inPython("producer.py"),
  worker: inPython("worker.py"),
  workerArgs: { streams: 2 },
};
/** The actors with a client. A client lets no lease expire. */
const clientOf = (language: string, producer: ActorProgram, worker: ActorProgram): Api => ({
  ...{ name: `${language}-client`, language, producer, worker },
  queues: [`${language}-a`, `${language}-b`],
  ...{ weights: WEIGHTS, workerArgs: {}, streams: 1 },
});
const CLIENTS: readonly Api[] = [
  clientOf("python", inPython("client_producer.py"), inPython("client_worker.py")),
  ...builtLanguages().map((language) =>
    clientOf(language, byAgent(language, "producer"), byAgent(language, "worker")),
  ),
];
const APIS = [STUBS, ...CLIENTS];
const WAIT = { timeout: 300_000, interval: 100 };
const LEASE_MS = 1_500;

const actors: ActorProcess[] = [];
let server: TestServer;
let client: TestClient;
let dlq: DlqClient;
let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp("/tmp/dlq-actors-");
  server = await startTestServer();
  client = connectTo(server.grpcAddress);
  dlq = client.dlq;
});
afterAll(async () => {
  for (const actor of actors) await actor.kill9();
  client?.close();
  await server?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

function startActor(
  program: ActorProgram,
  name: string,
  queues: readonly string[],
  args: ActorArgs,
): ActorProcess {
  const where = { addresses: server.grpcAddress, queues: queues.join() };
  const actor = new ActorProcess({ name, program, folder: dataDir, args: { ...where, ...args } });
  actors.push(actor);
  return actor;
}

function startProducer(of: Api, name: string, messages: number, plans: Weights) {
  const args = { messages, rate: RATE, plans: JSON.stringify(plans), seed: 7 };
  return startActor(of.producer, name, of.queues, args);
}

function startWorker({ worker, workerArgs, queues }: Api, name: string): ActorProcess {
  return startActor(worker, name, queues, { "lease-ms": LEASE_MS, ...workerArgs });
}

/** Waits until workers have nothing left to do. */
async function expectWorkedOff(queues: readonly string[], baseline: number): Promise<void> {
  const stats = await Promise.all(queues.map((queue) => statsOf(dlq, queue)));
  const sum = (pick: (queue: (typeof stats)[number]) => bigint | undefined) =>
    stats.reduce((all, queue) => all + Number(pick(queue) ?? 0n), 0);
  expect(sum((queue) => queue.inFlight)).toBe(0);
  expect(sum((queue) => queue.scheduled)).toBe(baseline);
}

interface Run {
  readonly produced: HistoryEvent[];
  readonly worked: HistoryEvent[];
}

/** Runs all actors at once, and restarts the server when each of them works. */
async function throughRestart(): Promise<ReadonlyMap<string, Run>> {
  const running = APIS.map((api) => ({
    ...api,
    actors: [
      startProducer(api, `${api.name}-producer-1`, ENDLESS, api.weights),
      startWorker(api, `${api.name}-worker-1`),
    ] as const,
  }));
  const areAtWork = running.map(({ name, actors: [producer, worker] }) =>
    vi.waitFor(async () => {
      expect(of(await producer.events(), "sent").length, name).toBeGreaterThan(20);
      expect(of(await worker.events(), "acked").length, name).toBeGreaterThan(5);
    }, WAIT),
  );
  await Promise.all(areAtWork);
  await server.restart();
  const runs = running.map(async ({ name, queues, actors: [producer, worker] }) => {
    await vi.waitFor(async () => {
      expect(of(await producer.events(), "sent").length, name).toBeGreaterThan(MESSAGES);
    }, WAIT);
    await producer.stop();
    const produced = await producer.events();
    const baseline = new Set(
      of(produced, "sending")
        .filter(({ plan }) => plan === "baseline")
        .map(({ source }) => source),
    );
    await vi.waitFor(() => expectWorkedOff(queues, baseline.size), WAIT);
    await worker.stop();
    return [name, { produced, worked: await worker.events() }] as const;
  });
  return new Map(await Promise.all(runs));
}

let runs: ReadonlyMap<string, Run>;
beforeAll(async () => {
  for (const { ready } of findAgents()) await ready();
  runs = await throughRestart();
}, 1_200_000);

describe.for(APIS)("through a restart of the server, by $name", (used) => {
  const { name, language, weights } = used;
  let produced: HistoryEvent[];
  let worked: HistoryEvent[];
  beforeAll(() => {
    ({ produced, worked } = runs.get(name) ?? { produced: [], worked: [] });
  });

  it("producer and worker write complete histories, from `started` to `ended`", () => {
    for (const [events, role] of [
      [produced, "producer"],
      [worked, "worker"],
    ] as const) {
      expect(events[0]).toMatchObject({ e: "started", role, language });
      expect(events.at(-1)?.e).toBe("ended");
      const times = events.map(({ at }) => at);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
    // The restart failed some sends, and the actors continued.
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

  it("unanswered sends are retried as the same request until they are answered", () => {
    const sendings = of(produced, "sending");
    const requests = new Set(sendings.map(({ request }) => request));
    expect(requests.size).toBeGreaterThan(MESSAGES);
    expect(new Set(sendings.map(({ source }) => source)).size).toBe(requests.size);
    expect(new Set(of(produced, "sent").map(({ request }) => request))).toEqual(requests);
    const answers = of(produced, "sent").length + of(produced, "unsent").length;
    expect(sendings.length).toBe(answers);
  });

  it("each message is delivered as sent, except baseline messages", () => {
    const sent = new Map(of(produced, "sending").map((sending) => [sending.source, sending]));
    const delivered = of(worked, "delivered");
    for (const { source, sum, plan, queue } of delivered) {
      expect(sent.get(source)).toMatchObject({ sum, plan, queue });
    }
    const due = [...sent.values()].filter(({ plan }) => plan !== "baseline");
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

  it("a silent message is delivered again with an unknown outcome", () => {
    const silent = of(worked, "delivered").filter(({ plan }) => plan === "silent");
    const ignored = new Set(silent.filter(({ number }) => number === 1).map(({ id }) => id));
    const again = silent.filter(({ id, number }) => number === 2 && ignored.has(id));
    expect(again.length > 0).toBe("silent" in weights);
    expect(again.map(({ unknown }) => unknown)).not.toContain(false);
  });
});

it.for(APIS)(
  "a stopped producer waits for pending sends, by $name",
  { timeout: 600_000 },
  async (used) => {
    const name = `${used.name}-producer-2`;
    const producer = startProducer(used, name, ENDLESS, { baseline: 1 });
    await vi.waitFor(async () => {
      expect(of(await producer.events(), "sent").length).toBeGreaterThan(20);
    }, WAIT);
    await producer.stop();
    const events = await producer.events();
    expect(events.at(-1)?.e).toBe("ended");
    const sent = of(events, "sent").map(({ request }) => request);
    expect(new Set(sent)).toEqual(new Set(of(events, "sending").map(({ request }) => request)));
    expect(sent.length).toBeLessThan(ENDLESS);
  },
);

it.for(CLIENTS)(
  "a stopped producer sends its spool before it ends, by $name",
  { timeout: 600_000 },
  async (used) => {
    const name = `${used.name}-producer-3`;
    const producer = startProducer(used, name, ENDLESS, { baseline: 1 });
    await vi.waitFor(async () => {
      expect(of(await producer.events(), "sent").length).toBeGreaterThan(20);
    }, WAIT);
    await server.kill9();
    await vi.waitFor(() => expect(producer.spooled()).toBeGreaterThan(0), WAIT);
    await server.restart();
    await producer.stop();
    const events = await producer.events();
    expect(events.at(-1)?.e).toBe("ended");
    const sources = new Set(of(events, "sending").map(({ source }) => source));
    expect(new Set(of(events, "sent").map(({ request }) => request)).size).toBe(sources.size);
    // The numbers have no gap, so none is missing.
    expect(sources.size).toBe(Math.max(...[...sources].map(numberOf)));
    expect(producer.spooled()).toBe(0);
  },
);

const numberOf = (source: string) => Number(/-producer-3-(\d+)/.exec(source)?.[1]);
