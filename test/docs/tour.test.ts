// The tour of the README, as a reader takes it: its blocks go through one shell, in order, against
// a real server, and what it says they print is looked for in what they print.

import { afterAll, beforeAll, expect, test } from "vitest";
import { findGrpcurl } from "../support/grpcurl.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { fencesOf, readDocument } from "./markdown.ts";
import { openShell, type Shell } from "./shell.ts";
import { atServer, firstMissing } from "./transcript.ts";

const BLOCKS = fencesOf(readDocument("README.md")).filter(({ info }) => info.includes(" tour"));

let server: TestServer;
let shell: Shell;
beforeAll(async () => {
  // A short heartbeat ends a pipeline whose reader has seen enough: the tour need not wait.
  server = await startTestServer({ args: ["--heartbeat-interval", "50ms"] });
  shell = openShell(`grpcurl() { '${findGrpcurl()}' "$@"; }`);
});
afterAll(async () => {
  shell.close();
  await server.stop();
});

/** A busy machine gets more time than a reader needs. */
function adapted(block: string): string {
  return atServer(block, server).replaceAll("-max-time 3", "-max-time 20");
}

test("the tour does what it says", { timeout: 120_000 }, async () => {
  let starts = 0;
  let output = "";
  for (const { info, text } of BLOCKS) {
    if (info === "sh tour-start") {
      expect(text).toBe("npm start\n");
      // The first one is the server that runs already; each later one follows a Ctrl-C.
      if (starts++ > 0) await server.restart();
    } else if (info === "sh tour") {
      output = await shell.run(adapted(text));
    } else {
      expect(info).toBe("text tour-output");
      const missing = firstMissing(text.trimEnd().split("\n"), output);
      expect(missing, `in the output\n${output}`).toBeUndefined();
    }
  }
  expect(starts).toBe(2);
});

test("the tour shows every method that a newcomer needs", () => {
  const commands = BLOCKS.filter(({ info }) => info === "sh tour").map(({ text }) => text);
  for (const method of ["SendToDlq", "StreamDue", "Ack", "Retry", "Stats"]) {
    expect(commands.join("\n")).toContain(method);
  }
});
