// Helpers of the spool tests: a folder for each test, and processes that send.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { onTestFinished } from "vitest";
import type { SpoolProcessCommand } from "./spool-process.ts";

/** Creates a folder that is removed after the test. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "dlq-spool-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Returns the names of the spool files of a service. */
export async function spoolFiles(folder: string, service = "default"): Promise<string[]> {
  return (await readdir(join(folder, service)).catch(() => [])).sort();
}

export interface SpoolProcess {
  readonly pid: number;
  /** Its output until its sends were done. */
  readonly lines: readonly string[];
  readonly stderr: () => string;
  kill9(): Promise<void>;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Starts a process. Resolves when all its sends have their result. */
export async function startProcess(
  command: SpoolProcessCommand,
  env: Readonly<Record<string, string>> = {},
): Promise<SpoolProcess> {
  const file = resolve(import.meta.dirname, "spool-process.ts");
  const child: Child = spawn(process.execPath, [file, JSON.stringify(command)], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { PATH: process.env.PATH ?? "", ...env },
  });
  const kill9 = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  onTestFinished(kill9);
  let stderr = "";
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === "done") return { pid: child.pid ?? 0, lines, stderr: () => stderr, kill9 };
    lines.push(line);
  }
  throw new Error(`the process has ended: ${stderr}`);
}
