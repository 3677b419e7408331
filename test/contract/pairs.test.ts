// All pairs of languages: what one sends, or leaves in its spool, the other one handles as it was.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../support/until.ts";
import { AgentLink } from "./agent-link.ts";
import { AgentProcess } from "./agent-process.ts";
import { type AgentProgram, findAgents } from "./agent-program.ts";
import { EventLog } from "./event-log.ts";
import type { JsonMap } from "./json.ts";
import { countSpooled } from "./spool-file.ts";
import { type Stage, startSharedStage, TOKEN } from "./stage.ts";
import { storedFailures } from "./stored-failures.ts";

const WITHIN_MS = 30_000;
const TIMEOUT = { timeout: 120_000 };
const TRACE = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
const PAYLOADS: readonly JsonMap[] = [
  { text: 'Grüße, 世界, עולם, 🧭, é, "\\"\n' },
  { text: "" },
  { base64: "AP/+gIHA//79" },
];
const UNAVAILABLE = 14;
const ERROR = {
  ...{ kind: "custom", message: "no such order: Müller" },
  cause: { kind: "grpc", code: UNAVAILABLE, message: "the shop is closed: 閉店" },
};

/** The asyncio client of Python shares what it sends and reads with the other one. */
const programs = findAgents().filter(({ language }) => language !== "python-asyncio");
const names = programs.map(({ language }) => language);
const pairs = names.flatMap((from) => names.map((to) => [from, to] as const));

let stage: Stage;
const agents = new Map<string, AgentProcess>();
const events = new Map<string, EventLog>();

beforeAll(async () => {
  stage = await startSharedStage();
  for (const program of programs) await program.ready();
  await Promise.all(programs.map(start));
}, 600_000);

afterAll(async () => {
  await Promise.all([...agents.values()].map((agent) => agent.stop()));
  await stage?.stop();
});

async function start(program: AgentProgram): Promise<void> {
  const agent = new AgentProcess(program);
  const log = new EventLog();
  agent.listen((event) => log.add(event));
  agents.set(program.language, agent);
  events.set(program.language, log);
  const options = { target: `127.0.0.1:${stage.port}`, token: TOKEN, spool: false };
  await agent.ask("open", { client: "direct", options });
}

function agentOf(language: string): AgentProcess {
  const agent = agents.get(language);
  if (agent === undefined) throw new Error(`there is no agent of ${language}`);
  return agent;
}

/** What the worker of a language gets next of a queue. */
async function delivered(language: string, wanted: JsonMap): Promise<JsonMap> {
  const log = events.get(language);
  if (log === undefined) throw new Error(`there is no agent of ${language}`);
  return log.take({ event: "delivery", ...wanted }, WITHIN_MS);
}

async function finish(language: string, { key }: JsonMap): Promise<void> {
  await agentOf(language).ask("finish", { ...(key === undefined ? {} : { key }), how: "return" });
}

/** All that is said of it beside its payload. */
const aboutOrder = (at: number) => ({
  attributes: { "x-tenant": "acme", empty: "", n: String(at) },
  source_id: `order-${at}`,
  ordering_key: "customer-7",
  trace_context: TRACE,
});

describe("a message", () => {
  it.concurrent.for(pairs)(
    "sent from %s is handled by %s, unchanged",
    TIMEOUT,
    async ([from, to]) => {
      const queue = `pair-${from}-${to}`;
      const send = async (payload: JsonMap, at: number) => {
        const options = { ...aboutOrder(at), delay_ms: 0, timeout_ms: WITHIN_MS };
        const fields = { client: "direct", queue, payload, error: ERROR, options };
        const sent = await agentOf(from).ask("send", fields);
        expect(sent).toMatchObject({ status: "sent" });
        return sent.id;
      };
      const ids = await Promise.all(PAYLOADS.map(send));
      const stored = await storedFailures(stage.client.dlq, queue, PAYLOADS.length);
      await agentOf(to).ask("worker", { client: "direct", worker: queue, queues: [queue] });
      for (const [at, payload] of PAYLOADS.entries()) {
        const delivery = await delivered(to, { worker: queue, source_id: `order-${at}` });
        expect(delivery).toMatchObject({ ...aboutOrder(at), payload, id: ids[at], queue });
        // As the server has it, and the server has it as the sender's runtime says it.
        const failure = stored.get(`order-${at}`);
        expect(delivery.latest_failure).toEqual(failure);
        expect(failure).toMatchObject({
          type: expect.stringContaining("OrderError"),
          message: expect.stringContaining(ERROR.message),
          stack_trace: expect.stringContaining(ERROR.cause.message),
          grpc_code: UNAVAILABLE,
          reason: "NETWORK_ERROR",
        });
        await finish(to, delivery);
      }
      await agentOf(to).ask("stop", { worker: queue, timeout_ms: WITHIN_MS });
    },
  );
});

describe.for(programs)("the spool of $language", ({ language: from, ...program }) => {
  const folders = new Map<string, string>();
  let link: AgentLink;
  const clientOf = (to: string) => `spool-${from}-${to}`;
  const optionsOf = (to: string) => {
    const folder = folders.get(to) ?? "";
    return { target: link.address, token: TOKEN, service: "shop", spool: { folder } };
  };

  // A process that is killed leaves a folder for each reader.
  beforeAll(async () => {
    link = await AgentLink.open(() => stage.port);
    const writer = new AgentProcess({ language: from, ...program });
    for (const to of names) {
      folders.set(to, await mkdtemp(join(tmpdir(), "dlq-pair-")));
      await writer.ask("open", { client: clientOf(to), options: optionsOf(to) });
    }
    link.cut();
    const options = { timeout_ms: 300, delay_ms: 0 };
    const sends = names.flatMap((to) =>
      PAYLOADS.map((payload) => ({ client: clientOf(to), queue: clientOf(to), payload, options })),
    );
    const results = await Promise.all(sends.map((fields) => writer.ask("send", fields)));
    await writer.kill();
    await link.restore();
    for (const result of results) {
      expect(result).toMatchObject({ status: "spooled", durable: true });
    }
  }, 120_000);

  afterAll(async () => {
    await link?.close();
    await Promise.all([...folders.values()].map((folder) => rm(folder, { recursive: true })));
  });

  it.concurrent.for(names)("is delivered by %s", TIMEOUT, async (to) => {
    const client = clientOf(to);
    const folder = folders.get(to) ?? "";
    expect(await countSpooled(folder)).toMatchObject({ messages: PAYLOADS.length });
    await agentOf(to).ask("open", { client, options: optionsOf(to) });
    const isDone = async () => (await countSpooled(folder)).files === 0 || undefined;
    await until("the end of the spool", isDone, WITHIN_MS);
    await agentOf(to).ask("worker", { client, worker: client, queues: [client] });
    for (const payload of PAYLOADS) {
      await finish(to, await delivered(to, { worker: client, payload }));
    }
    await agentOf(to).ask("close", { client, timeout_ms: 2_000 });
  });
});
