// The NATS of one demo: one that runs already, or a nats-server of its own on a free port of the loopback interface.

import { readNatsUrl } from "../../src/config/nats-url.ts";
import { startChild } from "./child.ts";

export interface DemoNats extends AsyncDisposable {
  readonly url: string;
  /** Rejects if its nats-server ends before it is disposed. Never resolves. */
  readonly failed: Promise<never>;
}

/** @throws Error with a message for the user */
export function checkNatsUrl(url: string): void {
  const read = readNatsUrl(url);
  if ("problem" in read) throw new Error(`--nats: the value ${read.problem}`);
}

/**
 * @param url `own`: starts a nats-server
 * @param signal aborts the start. If this rejects, no process is left.
 */
export async function openNats(url: string, signal: AbortSignal): Promise<DemoNats> {
  if (url !== "own") {
    const failed = new Promise<never>(() => {});
    return { url, failed, async [Symbol.asyncDispose]() {} };
  }
  const file = process.env.DLQ_NATS_SERVER;
  if (!file) throw new Error("DLQ_NATS_SERVER is not set; start the demo by npm run demo");
  const { ready, failed, end } = await startChild(
    {
      name: "nats-server",
      file,
      args: ["--addr", "127.0.0.1", "--port", "-1"], // any free port
      env: process.env,
      onLine: (line) => /Listening for client connections on (127\.0\.0\.1:\d+)/.exec(line)?.[1],
    },
    signal,
  );
  return { url: `nats://${ready}`, failed, [Symbol.asyncDispose]: end };
}

export const INSTALL_CLI = "go install github.com/nats-io/natscli/nats@latest";

/** The command that prints events, by default all. It leaves credentials out. */
export function watchCommand(url: string, subject = "dlq.>"): string {
  const read = readNatsUrl(url);
  if ("problem" in read) throw new Error(read.problem);
  const scheme = read.ok.requiresTls ? "tls" : "nats";
  const servers = read.ok.servers.map((server) => `${scheme}://${server}`);
  return `nats sub --server ${servers.join(",")} '${subject}'`;
}
