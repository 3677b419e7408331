// Each agent makes the golden failures and sends them with its client. The failure that the server stores, and the reason
// that it decides, must be those of the golden set.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPeers } from "../golden/collect/servers/all.mjs";
import { type GoldenFailure, goldenFailures } from "../golden/failures.ts";
import { AgentProcess } from "./agent-process.ts";
import { type AgentProgram, findAgents } from "./agent-program.ts";
import { EventLog } from "./event-log.ts";
import { isMap, type JsonMap } from "./json.ts";
import { type ScenarioServer, startSharedServer, TOKEN } from "./scenario-server.ts";

/** Golden sets that do not have the name of the agent. */
const SETS: Readonly<Record<string, string>> = {
  typescript: "javascript",
  "python-asyncio": "python",
};
const PEERS = [
  ...["closed", "foreign", "grpc", "hangsUp", "http", "https", "resets", "silent", "stalled"],
];
const LEAST = { cases: 12, reasons: 6 };
/** Few at a time: some failures are timeouts of 50 ms. */
const AT_A_TIME = 6;
const WITHIN_MS = 120_000;
const TIMEOUT = { timeout: 600_000 };

const programs = findAgents();
const handling = programs.find(({ language }) => language === "typescript");
let server: ScenarioServer;
let peers: Awaited<ReturnType<typeof startPeers>>;
let worker: AgentProcess;
const events = new EventLog();

beforeAll(async () => {
  if (handling === undefined) throw new Error("no agent for typescript");
  [server, peers] = await Promise.all([startSharedServer(), startPeers(PEERS)]);
  worker = new AgentProcess(handling);
  worker.listen((event) => events.add(event));
  await open(worker);
});

afterAll(async () => {
  await worker?.stop();
  peers?.stop();
  await server?.stop();
});

async function open(agent: AgentProcess): Promise<void> {
  const options = { target: `127.0.0.1:${server.port}`, token: TOKEN, spool: false };
  await agent.ask("open", { client: "c", options });
}

/** The golden failures that the agent can make. */
async function casesOf(agent: AgentProcess, language: string): Promise<GoldenFailure[]> {
  const golden = goldenFailures(SETS[language] ?? language);
  const { names } = await agent.ask("cases", {});
  if (!Array.isArray(names)) throw new Error("the agent returned no list of names");
  return names.map((name) => {
    const failure = golden.find((one) => one.name === name);
    if (failure === undefined) throw new Error(`the golden set has no ${String(name)}`);
    return failure;
  });
}

/** The stored failure, in the format of the golden set. */
async function storedFailure(agent: AgentProcess, queue: string, name: string): Promise<JsonMap> {
  const options = { delay_ms: 0, timeout_ms: WITHIN_MS, source_id: name };
  const sent = await agent.ask("fail", {
    ...{ client: "c", queue, case: name, payload: { text: name }, options },
  });
  if (sent.status !== "sent") return { name, sent };
  const wanted = { event: "delivery", queue, source_id: name };
  const { key, latest_failure: failure } = await events.take(wanted, WITHIN_MS);
  await worker.ask("finish", { ...(key === undefined ? {} : { key }), how: "return" });
  if (!isMap(failure)) return { name };
  const { type, message, grpc_code, http_status, reason } = failure;
  const codes = {
    ...(grpc_code === undefined ? {} : { grpc_code }),
    ...(http_status === undefined ? {} : { http_status }),
  };
  return { name, ...codes, reason, type: stable(type), hasMessage: message !== "" } as JsonMap;
}

/** The fields of a golden failure that must be the same here. */
function expected({ name, type, message, grpc_code, http_status, reason }: GoldenFailure) {
  const codes = {
    ...(grpc_code === undefined ? {} : { grpc_code }),
    ...(http_status === undefined ? {} : { http_status }),
  };
  return { name, ...codes, reason, type: stable(type), hasMessage: message !== "" };
}

/** Without the address of an object. */
function stable(type: unknown): string {
  return String(type).replace(/\b0x[0-9a-f]+\b/gi, "0x0");
}

describe.for(programs)("failures of $language", TIMEOUT, (program: AgentProgram) => {
  let agent: AgentProcess;
  let golden: readonly GoldenFailure[];
  beforeAll(async () => {
    await program.ready();
    agent = new AgentProcess({ ...program, env: { ...program.env, ...peers.env } });
    await open(agent);
    golden = await casesOf(agent, program.language);
  }, 1_200_000);
  afterAll(() => agent?.stop());

  it("are stored as in the golden set, with its reasons", async () => {
    const { language } = program;
    const queue = `golden-${language}`;
    await worker.ask("worker", { client: "c", worker: queue, queues: [queue], concurrency: 100 });
    const waiting = golden.entries();
    const stored: JsonMap[] = [];
    const sendNext = async () => {
      for (const [at, { name }] of waiting) stored[at] = await storedFailure(agent, queue, name);
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, sendNext));
    expect(stored).toEqual(golden.map(expected));
  });

  it("cover enough cases and reasons", () => {
    expect(golden.length).toBeGreaterThanOrEqual(LEAST.cases);
    expect(new Set(golden.map(({ reason }) => reason)).size).toBeGreaterThanOrEqual(LEAST.reasons);
  });
});
