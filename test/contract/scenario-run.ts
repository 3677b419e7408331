import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AgentLink } from "./agent-link.ts";
import { AgentProcess } from "./agent-process.ts";
import type { AgentProgram } from "./agent-program.ts";
import { EventLog } from "./event-log.ts";
import type { Json, JsonMap } from "./json.ts";
import type { Scenario } from "./scenario.ts";
import type { ScenarioServer } from "./scenario-server.ts";
import { inTime } from "./steps/agent.ts";
import { takeStep } from "./steps/catalog.ts";
import type { Scope } from "./values.ts";

/** The time limit of a step that names none. It only ends a scenario that hangs. */
export const WITHIN_MS = 60_000;

/** One run of a scenario: what its steps act on. */
export interface ScenarioRun {
  readonly server: ScenarioServer;
  readonly link: AgentLink;
  /** Results of steps, by name. */
  readonly scope: Scope;
  /** Replies of `async` steps, by the name of the result. */
  readonly pending: Map<string, Promise<Json>>;
  readonly events: EventLog;
  /** The queue of the scenario. */
  readonly queue: string;
  /** The folder of the scenario, removed at its end. */
  readonly folder: string;
  /** Gives the agent a command. Names of clients and workers are unique to the scenario. */
  ask(op: string, fields: JsonMap): Promise<JsonMap>;
  /** Only for a scenario with an agent of its own. */
  killAgent(): Promise<void>;
  startAgent(): void;
}

const CLOSE_MS = 60_000;

let count = 0;

/** Plays a scenario to its end. @throws Error that names the step that failed */
export async function playScenario(
  scenario: Scenario,
  program: AgentProgram,
  shared: AgentProcess,
  server: ScenarioServer,
): Promise<void> {
  const id = `s${++count}`;
  const folder = await mkdtemp(join(tmpdir(), "dlq-scenario-"));
  const link = await AgentLink.open(() => server.port);
  const queue = `${scenario.name}-${program.language}`;
  const agent = new ScenarioAgent(
    id,
    scenario.ownAgent ? new AgentProcess(program) : shared,
    program,
  );
  const run: ScenarioRun = {
    ...{ server, link, queue, folder, events: agent.events },
    scope: { queue, folder, server: `127.0.0.1:${server.port}` },
    pending: new Map(),
    ask: (op, fields) => agent.ask(op, fields),
    killAgent: () => agent.kill(),
    startAgent: () => agent.start(),
  };
  try {
    for (const [at, step] of scenario.steps.entries()) {
      await takeStep(step, run).catch((cause: unknown) => {
        const message = cause instanceof Error ? cause.message : String(cause);
        throw new Error(`step ${at + 1}, ${step.action}: ${message}`, { cause });
      });
    }
  } finally {
    await link.restore();
    await server.restore();
    await agent.leave(scenario.ownAgent);
    await link.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The agent of one scenario: a process of its own, or its clients and workers in a shared one. */
class ScenarioAgent {
  readonly events = new EventLog();
  readonly #id: string;
  readonly #program: AgentProgram;
  readonly #clients = new Set<string>();
  /** Keys of its deliveries: later events of a delivery name no worker. */
  readonly #keys = new Set<Json>();
  #agent: AgentProcess;

  constructor(id: string, agent: AgentProcess, program: AgentProgram) {
    this.#id = id;
    this.#agent = agent;
    this.#program = program;
    agent.listen(this.#onMessage);
  }

  ask(op: string, fields: JsonMap): Promise<JsonMap> {
    const { client, worker, ...others } = fields;
    if (op === "open") this.#clients.add(this.#own(client));
    return this.#agent.ask(op, {
      ...others,
      ...(client === undefined ? {} : { client: this.#own(client) }),
      ...(worker === undefined ? {} : { worker: this.#own(worker) }),
    });
  }

  async kill(): Promise<void> {
    await this.#agent.kill();
    this.#clients.clear();
  }

  start(): void {
    this.#agent = new AgentProcess(this.#program);
    this.#agent.listen(this.#onMessage);
  }

  async leave(isOwn: boolean): Promise<void> {
    const closes = [...this.#clients].map((client) =>
      this.#agent.ask("close", { client, timeout_ms: 0 }),
    );
    const closed = Promise.allSettled(closes); // some clients are closed already
    await inTime(closed, "a reply to close", CLOSE_MS).catch(() => this.#agent.kill());
    this.#agent.unlisten(this.#onMessage);
    if (isOwn) await this.#agent.stop();
  }

  #own(name: Json | undefined): string {
    return `${this.#id}.${String(name)}`;
  }

  /** Keeps the events of this scenario, with the names that its steps use. */
  readonly #onMessage = (event: JsonMap): void => {
    const { key, worker, client } = event;
    const holder = worker ?? client;
    if (typeof holder !== "string") {
      if (key !== undefined && this.#keys.has(key)) this.events.add(event);
      return;
    }
    if (!holder.startsWith(`${this.#id}.`)) return;
    if (key !== undefined) this.#keys.add(key);
    const name = worker === undefined ? "client" : "worker";
    this.events.add({ ...event, [name]: holder.slice(this.#id.length + 1) });
  };
}
