// Runs the tour of the README: its blocks in order, in one shell against a real server. Their output must have the
// documented lines.

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
  // A short heartbeat ends a pipeline soon after its reader has ended.
  server = await startTestServer({ args: ["--heartbeat-interval", "50ms"] });
  shell = openShell(`grpcurl() { '${findGrpcurl()}' "$@"; }`);
});
afterAll(async () => {
  shell.close();
  await server.stop();
});

/** Extends timeouts for a busy machine. */
function adapted(block: string): string {
  return atServer(block, server).replaceAll("-max-time 3", "-max-time 20");
}

test("the tour works", { timeout: 120_000 }, async () => {
  let starts = 0;
  let output = "";
  for (const { info, text } of BLOCKS) {
    if (info === "sh tour-start") {
      expect(text).toBe("npm start\n");
      // The first start is the running server. Each later one follows a Ctrl-C.
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

test("the tour has every method that a new user needs", () => {
  const commands = BLOCKS.filter(({ info }) => info === "sh tour").map(({ text }) => text);
  for (const method of ["SendToDlq", "StreamDue", "Ack", "Retry", "Stats"]) {
    expect(commands.join("\n")).toContain(method);
  }
});
