import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { isPublic, readLiveFileSync } from "../config/live-file.ts";

/** The parts of the process that the command line uses, so that tests can replace them. */
export interface CliIo {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly readFile: (path: string) => string;
  readonly readLiveFile: (path: string) => string;
  readonly isPublic: (path: string) => boolean;
  readonly hostname: string;
  readonly pid: number;
  readonly version: string;
}

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Width of the terminal in characters. */
  readonly columns?: number;
}

function packageVersion(): string {
  const file = path.join(import.meta.dirname, "../../package.json");
  const content: unknown = JSON.parse(readFileSync(file, "utf8"));
  const version =
    typeof content === "object" && content !== null && "version" in content
      ? content.version
      : undefined;
  return typeof version === "string" ? version : "unknown";
}

/** The real process. */
export function processIo(): CliIo {
  // `dlq-server help | head` closes the pipe early: not an error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  return {
    argv: process.argv.slice(2),
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    readFile: (file) => readFileSync(file, "utf8"),
    readLiveFile: (file) => readLiveFileSync(file).toString(),
    isPublic,
    hostname: hostname(),
    pid: process.pid,
    version: packageVersion(),
  };
}
