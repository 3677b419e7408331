import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { HistoryEvent } from "../history/event.ts";
import type { ActorProgram } from "../rig/actor-program.ts";
import { parseEvent } from "./event-shapes.ts";

const END_MS = 60_000;

/** A process of an actor under test, with its history in a folder. */
export class ActorProcess {
  readonly file: string;
  readonly #child: ChildProcess;
  #words = "";

  constructor(
    { command, folder, env }: ActorProgram,
    name: string,
    into: string,
    flags: readonly string[],
  ) {
    this.file = join(into, `${name}.jsonl`);
    const [program = "", ...first] = command;
    const args = [...first, "--out", this.file, "--name", name, ...flags];
    this.#child = spawn(program, args, { cwd: folder, env, stdio: ["ignore", "ignore", "pipe"] });
    this.#child.stderr?.on("data", (words) => (this.#words += words));
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async ended(): Promise<void> {
    if (this.isRunning) await once(this.#child, "close", { signal: AbortSignal.timeout(END_MS) });
    expect(this.#child.exitCode, this.#words).toBe(0);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.ended();
  }

  /** The number of files in the client's spool. */
  spooled(): number {
    const folder = this.file.replace(/\.jsonl$/, ".spool-folder");
    const names = existsSync(folder) ? readdirSync(folder, { recursive: true }) : [];
    return names.filter((name) => String(name).endsWith(".spool")).length;
  }

  async history(): Promise<HistoryEvent[]> {
    const lines = (await readFile(this.file, "utf8").catch(() => "")).split("\n");
    return lines.slice(0, -1).map(parseEvent);
  }
}
