import { type ChildProcessByStdio, type StdioPipe, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { AgentProgram } from "./agent-program.ts";
import { isMap, type JsonMap, shown } from "./json.ts";

/** An agent could not run a command. A refusal by its client is a result, not an error. */
export class AgentError extends Error {
  override readonly name = "AgentError";
}

interface Waiting {
  readonly op: string;
  resolve(result: JsonMap): void;
  reject(error: Error): void;
}

/** Clients must not write into the home of the person who runs the tests. */
export const NO_HOME = { HOME: "/dev/null", XDG_STATE_HOME: "/dev/null", DLQ_SPOOL_DIR: undefined };

const KEPT_CHARS = 4_000;
const END_MS = 60_000;

/** Killed when the test process ends. */
const running = new Set<AgentProcess>();
process.on("exit", () => {
  for (const agent of running) agent.signal("SIGKILL");
});

/** A running agent. Commands, replies and events are lines of JSON. */
export class AgentProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(event: JsonMap) => void>();
  #lastId = 0;
  #output = "";
  #ended: Error | undefined;

  constructor({ command, env, folder }: AgentProgram) {
    const [program = "", ...args] = command;
    const stdio = ["pipe", "pipe", "pipe"] satisfies StdioPipe[];
    this.#child = spawn(program, args, { cwd: folder, env: { ...env, ...NO_HOME }, stdio });
    running.add(this);
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#onMessage(line));
    createInterface({ input: this.#child.stderr }).on("line", (line) => this.#keepOutput(line));
    this.#child.stdin.on("error", () => {}); // `close` follows
    this.#child.once("error", (error) => this.#end(error.message));
    this.#child.once("close", (code, signal) => this.#end(`ended with ${code ?? signal}`));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#ended === undefined;
  }

  /** @param listener called with each event from now on */
  listen(listener: (event: JsonMap) => void): void {
    this.#listeners.add(listener);
  }

  unlisten(listener: (event: JsonMap) => void): void {
    this.#listeners.delete(listener);
  }

  /** @throws AgentError if the agent replies with an error, or ends before it replies */
  ask(op: string, fields: JsonMap): Promise<JsonMap> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = ++this.#lastId;
    const reply = new Promise<JsonMap>((resolve, reject) => {
      this.#waiting.set(id, { op, resolve, reject });
    });
    this.#child.stdin.write(`${JSON.stringify({ ...fields, id, op })}\n`);
    return reply;
  }

  /** Closes its input, which ends the agent. */
  async stop(): Promise<void> {
    if (this.#ended !== undefined) return;
    const closed = once(this.#child, "close", { signal: AbortSignal.timeout(END_MS) });
    this.#child.stdin.end();
    await closed.catch(() => this.kill());
  }

  async kill(): Promise<void> {
    if (this.#ended !== undefined) return;
    const closed = once(this.#child, "close");
    this.signal("SIGKILL");
    await closed;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  #onMessage(line: string): void {
    const message = parsed(line);
    const waiting = this.#waiting.get(Number(message?.id));
    if (typeof message?.event === "string") {
      for (const listener of this.#listeners) listener(message);
    } else if (message === undefined || waiting === undefined) {
      this.#keepOutput(line);
    } else {
      this.#waiting.delete(Number(message.id));
      if (isMap(message.result)) waiting.resolve(message.result);
      else waiting.reject(this.#error(`${waiting.op}: ${shown(message.error)}`));
    }
  }

  #keepOutput(line: string): void {
    this.#output = `${this.#output}${line}\n`.slice(-KEPT_CHARS);
  }

  #end(how: string): void {
    running.delete(this);
    this.#ended ??= this.#error(how);
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }

  #error(text: string): AgentError {
    return new AgentError(`the agent: ${text}\n${this.#output}`.trimEnd());
  }
}

function parsed(line: string): JsonMap | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isMap(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
