import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AgentLink } from "./agent-link.ts";
import { AgentProcess } from "./agent-process.ts";
import type { AgentProgram } from "./agent-program.ts";
import { EventLog } from "./event-log.ts";
import type { Json, JsonMap } from "./json.ts";
import type { Scenario } from "./scenario.ts";
import type { Stage } from "./stage.ts";
import { inTime } from "./steps/agent.ts";
import { takeStep } from "./steps/catalog.ts";
import type { Scope } from "./values.ts";

/** How long a step waits for what should come, unless it says so itself. */
export const WITHIN_MS = 15_000;

/** One scenario while it is played: all that its steps act on. */
export interface Play {
  readonly stage: Stage;
  readonly link: AgentLink;
  /** Results by name. */
  readonly scope: Scope;
  /** Replies that nobody has waited for yet, by the name of the result. */
  readonly pending: Map<string, Promise<Json>>;
  readonly events: EventLog;
  /** Its queue. */
  readonly queue: string;
  /** A folder of its own, gone when it is over. */
  readonly folder: string;
  /** Commands for the agent, where names of clients and workers are this scenario's own. */
  ask(op: string, fields: JsonMap): Promise<JsonMap>;
  /** Only where the agent is the scenario's own. */
  killAgent(): Promise<void>;
  startAgent(): void;
}

const CLOSE_MS = 10_000;

let count = 0;

/** Plays it to its end. @throws where something is not as it should be, with the step */
export async function play(
  scenario: Scenario,
  program: AgentProgram,
  shared: AgentProcess,
  stage: Stage,
): Promise<void> {
  const run = `s${++count}`;
  const folder = await mkdtemp(join(tmpdir(), "dlq-scenario-"));
  const link = await AgentLink.open(() => stage.port);
  const queue = `${scenario.name}-${program.language}`;
  const cast = new Cast(run, scenario.ownAgent ? new AgentProcess(program) : shared, program);
  const playing: Play = {
    ...{ stage, link, queue, folder, events: cast.events },
    scope: { queue, folder, server: `127.0.0.1:${stage.port}` },
    pending: new Map(),
    ask: (op, fields) => cast.ask(op, fields),
    killAgent: () => cast.kill(),
    startAgent: () => cast.start(),
  };
  try {
    for (const [at, step] of scenario.steps.entries()) {
      await takeStep(step, playing).catch((cause: unknown) => {
        const words = cause instanceof Error ? cause.message : String(cause);
        throw new Error(`step ${at + 1}, ${step.action}: ${words}`, { cause });
      });
    }
  } finally {
    await link.restore();
    await stage.restore();
    await cast.leave(scenario.ownAgent);
    await link.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The agent of one scenario: its own process, or what it has in one that many share. */
class Cast {
  readonly events = new EventLog();
  readonly #run: string;
  readonly #program: AgentProgram;
  readonly #clients = new Set<string>();
  /** Of its deliveries: what else is told of them names no worker. */
  readonly #keys = new Set<Json>();
  #agent: AgentProcess;

  constructor(run: string, agent: AgentProcess, program: AgentProgram) {
    this.#run = run;
    this.#agent = agent;
    this.#program = program;
    agent.listen(this.#hear);
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
    this.#agent.listen(this.#hear);
  }

  async leave(isOwn: boolean): Promise<void> {
    const closes = [...this.#clients].map((client) =>
      this.#agent.ask("close", { client, timeout_ms: 0 }),
    );
    const closed = Promise.allSettled(closes); // some are closed already
    await inTime(closed, "an answer to close", CLOSE_MS).catch(() => this.#agent.kill()); // it hangs
    this.#agent.unlisten(this.#hear);
    if (isOwn) await this.#agent.stop();
  }

  #own(name: Json | undefined): string {
    return `${this.#run}.${String(name)}`;
  }

  /** Of all events of the process those of this scenario, with the names as it knows them. */
  readonly #hear = (event: JsonMap): void => {
    const { key, worker, client } = event;
    const holder = worker ?? client;
    if (typeof holder !== "string") {
      if (key !== undefined && this.#keys.has(key)) this.events.add(event);
      return;
    }
    if (!holder.startsWith(`${this.#run}.`)) return;
    if (key !== undefined) this.#keys.add(key);
    const name = worker === undefined ? "client" : "worker";
    this.events.add({ ...event, [name]: holder.slice(this.#run.length + 1) });
  };
}
