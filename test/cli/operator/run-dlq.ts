// Runs the operator's `dlq` in this process, with its own environment, config folder and terminal.

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { onTestFinished } from "vitest";
import { runCommandLine } from "../../../clients/cli/src/command-line.ts";
import type { Io } from "../../../clients/cli/src/io.ts";

export interface DlqRun {
  readonly target?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** `endless`: a terminal at which nobody types. A stream: a terminal that gives each key at once. */
  readonly stdin?: string | PassThrough;
  /** Stdout and stderr are terminals of this width. */
  readonly columns?: number;
  readonly home?: string;
  /** Called with a function that acts as Ctrl-C, when something was written. */
  readonly onWrite?: (text: string, interrupt: () => void) => void;
}

const ENDLESS = Object.assign(new PassThrough(), { isTTY: true });

function inputOf(stdin: string | PassThrough): Io["stdin"] {
  if (stdin === "endless") return ENDLESS;
  if (typeof stdin === "string") return Readable.from([stdin]);
  return Object.assign(stdin, { isTTY: true, setRawMode: () => {} });
}

export interface DlqResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runDlq(args: readonly string[], options: DlqRun = {}): Promise<DlqResult> {
  const { target, env, stdin = "", columns, onWrite } = options;
  const written = { stdout: "", stderr: "" };
  let interrupt = () => {};
  const output = (name: "stdout" | "stderr") => ({
    write(text: string) {
      written[name] += text;
      onWrite?.(text, interrupt);
    },
    ...(columns === undefined ? {} : { isTTY: true, columns, rows: 24 }),
  });
  const io: Io = {
    argv: args,
    env: {
      PATH: process.env.PATH,
      ...(target === undefined ? {} : { DLQ_TARGET: target }),
      ...env,
    },
    stdout: output("stdout"),
    stderr: output("stderr"),
    stdin: inputOf(stdin),
    homeFolder: options.home ?? "/nonexistent",
    onInterrupt(listener) {
      interrupt = listener;
      return () => {};
    },
    exit: () => {},
  };
  const code = await runCommandLine(io);
  return { code, ...written };
}

/** A home folder that is removed with its test. */
export function homeFolder(): string {
  const home = mkdtempSync(join(tmpdir(), "dlq-home-"));
  onTestFinished(() => rmSync(home, { recursive: true }));
  return home;
}

/** Parses the lines of `--output jsonl`. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Serves calls that are written by hand until the test ends. Returns the address. */
export async function serve(routes: (router: ConnectRouter) => void): Promise<string> {
  const server = createServer(connectNodeAdapter({ routes })).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
