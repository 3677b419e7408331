// All pairs of languages: what one sends, or leaves in its spool, the other one handles as it was.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../support/until.ts";
import { AgentLink } from "./agent-link.ts";
import { AgentProcess } from "./agent-process.ts";
import { findAgents } from "./agent-program.ts";
import { EventLog } from "./event-log.ts";
import type { JsonMap } from "./json.ts";
import { countSpooled } from "./spool-file.ts";
import { type Stage, startSharedStage, TOKEN } from "./stage.ts";

const WITHIN_MS = 15_000;
const TIMEOUT = { timeout: 120_000 };
const TRACE = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
const PAYLOADS: readonly JsonMap[] = [
  { text: 'Grüße, 世界, עולם, 🧭, é, "\\"\n' },
  { text: "" },
  { base64: "AP/+gIHA//79" },
];

const programs = findAgents();
const names = programs.map(({ language }) => language);
const pairs = names.flatMap((from) => names.map((to) => [from, to] as const));

let stage: Stage;
const agents = new Map<string, AgentProcess>();
const events = new Map<string, EventLog>();

beforeAll(async () => {
  stage = await startSharedStage();
  for (const program of programs) {
    await program.ready();
    const agent = new AgentProcess(program);
    const log = new EventLog();
    agent.listen((event) => log.add(event));
    agents.set(program.language, agent);
    events.set(program.language, log);
    await agent.ask("open", { client: "direct", options: optionsOf(stage.port) });
  }
}, 300_000);

afterAll(async () => {
  await Promise.all([...agents.values()].map((agent) => agent.stop()));
  await stage.stop();
});

const optionsOf = (port: number): JsonMap => ({
  target: `127.0.0.1:${port}`,
  token: TOKEN,
  spool: false,
});

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

describe("a message", () => {
  it.for(pairs)("sent from %s is handled by %s, unchanged", TIMEOUT, async ([from, to]) => {
    const queue = `pair-${from}-${to}`;
    await agentOf(to).ask("worker", { client: "direct", worker: queue, queues: [queue] });
    for (const [at, payload] of PAYLOADS.entries()) {
      const about = {
        attributes: { "x-tenant": "acme", empty: "", n: String(at) },
        source_id: `order-${at}`,
        ordering_key: "customer-7",
        trace_context: TRACE,
      };
      const error = { kind: "custom", message: "no such order: Müller" };
      const options = { ...about, delay_ms: 0, timeout_ms: WITHIN_MS };
      const sent = await agentOf(from).ask("send", {
        ...{ client: "direct", queue, payload, error, options },
      });
      expect(sent).toMatchObject({ status: "sent" });
      const delivery = await delivered(to, { worker: queue, source_id: `order-${at}` });
      expect(delivery).toMatchObject({ ...about, payload, id: sent.id, attempt: 1, queue });
      const { latest_failure } = delivery;
      expect(latest_failure).toMatchObject({ message: "no such order: Müller" });
      expect(latest_failure).toHaveProperty("type", expect.stringContaining("OrderError"));
      await finish(to, delivery);
    }
    await agentOf(to).ask("stop", { worker: queue, timeout_ms: WITHIN_MS });
  });
});

describe.for(programs)("the spool of $language", (program) => {
  it.for(names)("is delivered by %s", TIMEOUT, async (to) => {
    const from = program.language;
    const queue = `spool-${from}-${to}`;
    const folder = await mkdtemp(join(tmpdir(), "dlq-pair-"));
    const link = await AgentLink.open(() => stage.port);
    const client = queue;
    const options = {
      ...{ target: link.address, token: TOKEN, service: "shop", spool: { folder } },
    };
    const writer = new AgentProcess(program);
    try {
      await writer.ask("open", { client, options });
      link.cut();
      for (const payload of PAYLOADS) {
        const given = { client, queue, payload, options: { timeout_ms: 300, delay_ms: 0 } };
        expect(await writer.ask("send", given)).toMatchObject({ status: "spooled", durable: true });
      }
      await writer.kill();
      expect(await countSpooled(folder)).toMatchObject({ letters: PAYLOADS.length });
      link.mend();
      await agentOf(to).ask("open", { client, options });
      const isDone = async () => (await countSpooled(folder)).files === 0 || undefined;
      await until("the end of the spool", isDone, WITHIN_MS);
      await agentOf(to).ask("worker", { client, worker: queue, queues: [queue] });
      for (const payload of PAYLOADS) {
        await finish(to, await delivered(to, { worker: queue, payload }));
      }
      await agentOf(to).ask("close", { client, timeout_ms: 2_000 });
    } finally {
      await writer.kill();
      await link.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
