// SIGTERM while a handler runs, in a worker that is written as the README of its language says: the handler ends, its
// outcome counts, and the process ends by itself.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { connectTo, sendAll, statsOf, type TestClient } from "../support/grpc.ts";
import { sendRequest } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { NO_HOME } from "./agent-process.ts";
import { type AgentProgram, findAgents } from "./agent-program.ts";

const SETUP_MS = 1_200_000;

let server: TestServer;
let client: TestClient;
beforeAll(async () => {
  server = await startTestServer();
  client = connectTo(server.grpcAddress);
});
afterAll(async () => {
  client.close();
  await server.stop();
});

it.for(findAgents())(
  "the worker of $language ends its handler",
  { timeout: SETUP_MS },
  async (program) => {
    await program.ready();
    const queue = `sigterm-${program.language}`;
    await sendAll(client.dlq, [sendRequest(queue)]);
    const { lines, code } = await endedBySigterm(program, queue);
    expect(lines).toEqual(["handling", "handled"]);
    // A JVM that SIGTERM ends exits with 143.
    expect(code).toBe(program.language === "java" ? 143 : 0);
    const { totals, inFlight } = await statsOf(client.dlq, queue);
    expect({ succeeded: totals?.succeeded, inFlight }).toEqual({ succeeded: 1n, inFlight: 0n });
  },
);

/** Runs the worker, and sends SIGTERM when its handler begins. */
async function endedBySigterm({ command, folder, env }: AgentProgram, queue: string) {
  const [name = "", ...args] = [...command, "slow-worker", server.grpcAddress, queue];
  const child = spawn(name, args, {
    ...{ cwd: folder, env: { ...env, ...NO_HOME } },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    if (line === "handling") child.kill("SIGTERM");
  });
  const [code] = await once(child, "close");
  return { lines, code };
}
