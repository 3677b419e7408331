// Runs the examples of docs/guides/protect.md in order, in one shell against a real server.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findGrpcurl } from "../support/grpcurl.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { fencesOf, readDocument } from "./markdown.ts";
import { openShell, type Shell } from "./shell.ts";
import { atServer, firstMissing } from "./transcript.ts";

const BLOCKS = fencesOf(readDocument("docs/guides/protect.md")).filter(({ info }) =>
  info.includes(" protection"),
);

let server: TestServer;
let shell: Shell;
let folder: string;
beforeAll(async () => {
  server = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), "dlq-docs-"));
  shell = openShell(`grpcurl() { '${findGrpcurl()}' "$@"; }\ncd '${folder}'`);
});
afterAll(async () => {
  shell.close();
  await server.stop();
  await rm(folder, { recursive: true });
});

test("the examples of docs/guides/protect.md work", async () => {
  let output = "";
  expect(BLOCKS.length).toBeGreaterThan(3);
  for (const { info, text } of BLOCKS) {
    if (info === "sh protection") {
      output = await shell.run(atServer(text, server));
      expect(output).not.toContain("ERROR:");
    } else {
      expect(info).toBe("text protection-output");
      const missing = firstMissing(text.trimEnd().split("\n"), output);
      expect(missing, `in the output\n${output}`).toBeUndefined();
    }
  }
});
