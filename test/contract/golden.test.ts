// The golden failures, made for real in each language and sent by its client: the server gives the
// reason that the golden set says, since the client has told it of the error what that set has.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPeers } from "../golden/collect/servers/all.mjs";
import { AgentProcess } from "./agent-process.ts";
import { type AgentProgram, findAgents } from "./agent-program.ts";
import { EventLog } from "./event-log.ts";
import { isMap, type JsonMap } from "./json.ts";
import { type Stage, startSharedStage, TOKEN } from "./stage.ts";

const GOLDEN = join(import.meta.dirname, "../golden/failures");
/** The set of an agent's failures, where it has not the agent's name. */
const SETS: Readonly<Record<string, string>> = {
  typescript: "javascript",
  "python-asyncio": "python",
};
const PEERS = [
  ...["closed", "foreign", "grpc", "hangsUp", "http", "https", "resets", "silent", "stalled"],
];
const LEAST = { cases: 12, reasons: 6 };
/** Some are timeouts of 50 ms, which a busy machine must not make others. */
const AT_A_TIME = 6;
const WITHIN_MS = 30_000;
const TIMEOUT = { timeout: 120_000 };

/** A failure as the golden set has it; its `message` is without what differs from run to run. */
interface GoldenFailure {
  readonly name: string;
  readonly type: string;
  readonly message: string;
  readonly grpc_code?: number;
  readonly http_status?: number;
  readonly reason: string;
}

const programs = findAgents();
const handling = programs.find(({ language }) => language === "typescript");
let stage: Stage;
let peers: Awaited<ReturnType<typeof startPeers>>;
let worker: AgentProcess;
const events = new EventLog();

beforeAll(async () => {
  if (handling === undefined) throw new Error("there is no agent of typescript");
  [stage, peers] = await Promise.all([startSharedStage(), startPeers(PEERS)]);
  worker = new AgentProcess(handling);
  worker.listen((event) => events.add(event));
  await open(worker);
});

afterAll(async () => {
  await worker?.stop();
  peers?.stop();
  await stage?.stop();
});

async function open(agent: AgentProcess): Promise<void> {
  const options = { target: `127.0.0.1:${stage.port}`, token: TOKEN, spool: false };
  await agent.ask("open", { client: "c", options });
}

/** What the golden set says of those that the agent can make, by name. */
async function casesOf(agent: AgentProcess, language: string): Promise<GoldenFailure[]> {
  const file = join(GOLDEN, `${SETS[language] ?? language}.json`);
  const golden = JSON.parse(readFileSync(file, "utf8")) as readonly GoldenFailure[];
  const { names } = await agent.ask("cases", {});
  if (!Array.isArray(names)) throw new Error("the agent gives no list of names");
  return names.map((name) => {
    const failure = golden.find((one) => one.name === name);
    if (failure === undefined) throw new Error(`the golden set has no ${String(name)}`);
    return failure;
  });
}

/** What the worker is told of the failure, as the golden set has it. */
async function played(agent: AgentProcess, queue: string, name: string): Promise<JsonMap> {
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
  return { name, ...codes, reason, type: stable(type), says: message !== "" } as JsonMap;
}

/** What of a golden failure must be the same here and now. */
function expected({ name, type, message, grpc_code, http_status, reason }: GoldenFailure) {
  const codes = {
    ...(grpc_code === undefined ? {} : { grpc_code }),
    ...(http_status === undefined ? {} : { http_status }),
  };
  return { name, ...codes, reason, type: stable(type), says: message !== "" };
}

/** Without an object's address. */
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
  }, 600_000);
  afterAll(() => agent?.stop());

  it("are told to the server as the golden set has them, with the reason that it says", async () => {
    const { language } = program;
    const queue = `golden-${language}`;
    await worker.ask("worker", { client: "c", worker: queue, queues: [queue], concurrency: 100 });
    const waiting = golden.entries();
    const heard: JsonMap[] = [];
    const playInTurn = async () => {
      for (const [at, { name }] of waiting) heard[at] = await played(agent, queue, name);
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, playInTurn));
    expect(heard).toEqual(golden.map(expected));
  });

  it("are many, of many reasons", () => {
    expect(golden.length).toBeGreaterThanOrEqual(LEAST.cases);
    expect(new Set(golden.map(({ reason }) => reason)).size).toBeGreaterThanOrEqual(LEAST.reasons);
  });
});
