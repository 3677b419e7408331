// `dlq` on a real pseudo terminal, as a person sees it. `script` of util-linux makes one.

import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Reason } from "../../../gen/dlq/v1/state_pb.ts";
import { connectTo } from "../../support/grpc.ts";
import { sendRequest } from "../../support/send-requests.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";

const MAIN = resolve(import.meta.dirname, "../../../clients/cli/src/main.ts");
const hasScript = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes(
  "util-linux",
);

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  const client = connectTo(server.grpcAddress);
  await client.dlq.sendToDlq(
    sendRequest("orders", {
      failure: {
        ...{ reason: Reason.POISON_MESSAGE, type: "ValidationError" },
        message: `\u001b[2J\u001b]0;owned\u0007${"合計は数でなければならない ".repeat(20)}`,
      },
    }),
  );
  client.close();
}, 180_000);
afterAll(() => server?.stop());

function onTerminal(columns: number, args: string, env: Record<string, string> = {}) {
  const command = `stty cols ${columns} rows 24; exec '${process.execPath}' '${MAIN}' ${args}`;
  const { PATH } = process.env;
  const { stdout, status } = spawnSync("script", ["-qec", command, "/dev/null"], {
    encoding: "utf8",
    env: { PATH, HOME: tmpdir(), TERM: "xterm", DLQ_TARGET: server.grpcAddress, ...env },
  });
  return { stdout: stdout.replaceAll("\r\n", "\n"), status };
}

/** Columns of a line with wide characters. */
const columnsOf = (line: string) =>
  [...line].reduce((sum, one) => sum + (/[\u3000-\u9fff]/.test(one) ? 2 : 1), 0);

describe.skipIf(hasScript !== true)("on a pseudo terminal", () => {
  it.each([70, 100, 160])("a table has colors and fits into %d columns", (columns) => {
    const { stdout, status } = onTerminal(columns, "ls");
    expect(status).toBe(0);
    expect(stdout).toContain("\u001b[1m");
    const lines = stripVTControlCharacters(stdout).trimEnd().split("\n");
    // Stderr is the same terminal: it says which columns have no room.
    const notes = lines.filter((line) => line.startsWith(`Not shown in ${columns} columns: `));
    expect(lines).toHaveLength(2 + notes.length);
    expect(lines.map(columnsOf).filter((width) => width > columns)).toEqual([]);
    expect(lines[1]).toMatch(/ \d+m?s /); // an age
  });

  it("a terminal of 0 columns has 80", () => {
    const { stdout } = onTerminal(0, "ls", { NO_COLOR: "1" });
    const [titles = "", first = ""] = stdout.split("\n");
    expect(titles).toMatch(/^ID +QUEUE +STATE/);
    expect(first).toMatch(/ValidationErr/);
    expect(columnsOf(first)).toBeLessThanOrEqual(80);
  });

  it("stored texts do not control the terminal", () => {
    const { stdout } = onTerminal(200, "ls");
    expect(stdout).toContain("ValidationError: \\x1b[2J\\x1b]0;owned\\x07");
    expect(stdout).not.toContain("\u001b[2J");
    expect(stdout).not.toContain("\u0007");
    const json = onTerminal(200, "ls -o jsonl").stdout;
    expect(json).toContain("\\u001b[2J\\u001b]0;owned\\u0007");
  });

  it.each([80, 120])("lines of tail have colors and fit into %d columns", (columns) => {
    const { stdout, status } = onTerminal(columns, "tail --since 1h --limit 3");
    expect(status).toBe(0);
    expect(stdout).toContain("\u001b[31mmoved_to_poison\u001b[39m");
    const lines = stripVTControlCharacters(stdout).trimEnd().split("\n");
    expect(lines.map(columnsOf).filter((width) => width > columns)).toEqual([]);
    expect(
      lines.filter((line) => /^\d\d:\d\d:\d\d {2}[a-z_]+ +orders +\S/.test(line)),
    ).toHaveLength(3);
  });

  it("NO_COLOR turns colors off", () => {
    expect(onTerminal(100, "queues", { NO_COLOR: "1" }).stdout).not.toContain("\u001b");
    expect(onTerminal(100, "queues", { TERM: "dumb" }).stdout).not.toContain("\u001b");
  });
});
