// Runs the examples of a page in order, in one shell against a real server. Examples are blocks `sh MARK`; a following block
// `text MARK-output` has the expected output.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findGrpcurl } from "../support/grpcurl.ts";
import { startTestServer } from "../support/server.ts";
import { fencesOf, ROOT, readDocument } from "./markdown.ts";
import { openShell } from "./shell.ts";
import { atServer, firstMissing } from "./transcript.ts";

export function testPage(file: string, mark: string, atLeast: number): void {
  const infos = [`sh ${mark}`, `text ${mark}-output`];
  const blocks = fencesOf(readDocument(file)).filter(({ info }) => infos.includes(info));

  test(`the examples of ${file} work`, { timeout: 60_000 }, async () => {
    expect(blocks.length).toBeGreaterThan(atLeast);
    const server = await startTestServer();
    const folder = await mkdtemp(join(tmpdir(), "dlq-docs-"));
    const main = join(ROOT, "clients/cli/src/main.ts");
    const shell = openShell(`export HOME='${folder}' DLQ_TARGET='${server.grpcAddress}'
grpcurl() { '${findGrpcurl()}' "$@"; }
dlq() { '${process.execPath}' '${main}' "$@"; }
cd '${folder}'`);
    try {
      let output = "";
      for (const { info, text } of blocks) {
        if (info === infos[0]) {
          output = await shell.run(atServer(text, server));
        } else {
          const missing = firstMissing(text.trimEnd().split("\n"), output);
          expect(missing, `in the output\n${output}`).toBeUndefined();
        }
      }
    } finally {
      shell.close();
      await server.stop();
      await rm(folder, { recursive: true });
    }
  });
}
