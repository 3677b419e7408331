// All pairs of languages: one client handles unchanged what another one sends or leaves in its spool.

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
import { type ScenarioServer, startSharedServer, TOKEN } from "./scenario-server.ts";
import { countSpooled } from "./spool-file.ts";
import { storedFailures } from "./stored-failures.ts";

const WITHIN_MS = 120_000;
const TIMEOUT = { timeout: 600_000 };
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

/** Without the asyncio client of Python: it shares the code that sends and reads. */
const programs = findAgents().filter(({ language }) => language !== "python-asyncio");
const languages = programs.map(({ language }) => language);
const pairs = languages.flatMap((from) => languages.map((to) => [from, to] as const));

let server: ScenarioServer;
const agents = new Map<string, AgentProcess>();
const events = new Map<string, EventLog>();

beforeAll(async () => {
  server = await startSharedServer();
  for (const program of programs) await program.ready();
  await Promise.all(programs.map(start));
}, 1_200_000);

afterAll(async () => {
  await Promise.all([...agents.values()].map((agent) => agent.stop()));
  await server?.stop();
});

async function start(program: AgentProgram): Promise<void> {
  const agent = new AgentProcess(program);
  const log = new EventLog();
  agent.listen((event) => log.add(event));
  agents.set(program.language, agent);
  events.set(program.language, log);
  const options = { target: `127.0.0.1:${server.port}`, token: TOKEN, spool: false };
  await agent.ask("open", { client: "direct", options });
}

function agentOf(language: string): AgentProcess {
  const agent = agents.get(language);
  if (agent === undefined) throw new Error(`no agent for ${language}`);
  return agent;
}

/** The next matching delivery to a worker of a language. */
async function delivered(language: string, wanted: JsonMap): Promise<JsonMap> {
  const log = events.get(language);
  if (log === undefined) throw new Error(`no agent for ${language}`);
  return log.take({ event: "delivery", ...wanted }, WITHIN_MS);
}

async function finish(language: string, { key }: JsonMap): Promise<void> {
  await agentOf(language).ask("finish", { ...(key === undefined ? {} : { key }), how: "return" });
}

/** The fields, besides the payload, that a worker must get unchanged. */
const fieldsOf = (at: number) => ({
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
      const fingerprint = "bank-down";
      const send = async (payload: JsonMap, at: number) => {
        const options = { ...fieldsOf(at), fingerprint, delay_ms: 0, timeout_ms: WITHIN_MS };
        const fields = { client: "direct", queue, payload, error: ERROR, options };
        const sent = await agentOf(from).ask("send", fields);
        expect(sent).toMatchObject({ status: "sent" });
        return sent.id;
      };
      const ids = await Promise.all(PAYLOADS.map(send));
      const stored = await storedFailures(server.client.dlq, queue, PAYLOADS.length);
      await agentOf(to).ask("worker", { client: "direct", worker: queue, queues: [queue] });
      for (const [at, payload] of PAYLOADS.entries()) {
        const delivery = await delivered(to, { worker: queue, source_id: `order-${at}` });
        expect(delivery).toMatchObject({ ...fieldsOf(at), payload, id: ids[at], queue });
        // The worker gets the failure that is stored, which has the fields of the sender's error.
        const failure = stored.get(`order-${at}`);
        expect(delivery.latest_failure).toEqual(failure);
        expect(failure).toMatchObject({
          type: expect.stringContaining("OrderError"),
          message: expect.stringContaining(ERROR.message),
          stack_trace: expect.stringContaining(ERROR.cause.message),
          grpc_code: UNAVAILABLE,
          reason: "NETWORK_ERROR",
          fingerprint,
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

  // A killed process leaves a spool folder for each reader.
  beforeAll(async () => {
    link = await AgentLink.open(() => server.port);
    const writer = new AgentProcess({ language: from, ...program });
    for (const to of languages) {
      folders.set(to, await mkdtemp(join(tmpdir(), "dlq-pair-")));
      await writer.ask("open", { client: clientOf(to), options: optionsOf(to) });
    }
    link.cut();
    const options = { timeout_ms: 300, delay_ms: 0 };
    const sends = languages.flatMap((to) =>
      PAYLOADS.map((payload) => ({ client: clientOf(to), queue: clientOf(to), payload, options })),
    );
    const results = await Promise.all(sends.map((fields) => writer.ask("send", fields)));
    await writer.kill();
    await link.restore();
    for (const result of results) {
      expect(result).toMatchObject({ status: "spooled", durable: true });
    }
  }, 600_000);

  afterAll(async () => {
    await link?.close();
    await Promise.all([...folders.values()].map((folder) => rm(folder, { recursive: true })));
  });

  it.concurrent.for(languages)("is delivered by %s", TIMEOUT, async (to) => {
    const client = clientOf(to);
    const folder = folders.get(to) ?? "";
    expect(await countSpooled(folder)).toMatchObject({ messages: PAYLOADS.length });
    await agentOf(to).ask("open", { client, options: optionsOf(to) });
    const isDone = async () => (await countSpooled(folder)).files === 0 || undefined;
    await until("an empty spool", isDone, WITHIN_MS);
    await agentOf(to).ask("worker", { client, worker: client, queues: [client] });
    for (const payload of PAYLOADS) {
      await finish(to, await delivered(to, { worker: client, payload }));
    }
    await agentOf(to).ask("close", { client, timeout_ms: 2_000 });
  });
});
