// Runs the programs and the commands of docs/guides/migrate.md, and compares its tables with the code.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPython, pythonEnvironment } from "../support/python.ts";
import { freePort, startTestRedis, type TestRedis } from "../support/redis.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { codesOf, fence, fencesOf, readDocument, tableRows } from "./markdown.ts";
import { openShell, type Shell } from "./shell.ts";
import { atServer, firstMissing } from "./transcript.ts";

const PAGE = readDocument("docs/guides/migrate.md");
const OLD_REDIS = "redis://localhost:6379/0";
const DEADLINE_MS = 90_000;

let server: TestServer;
let redis: TestRedis;
let folder: string;
let shell: Shell;

beforeAll(async () => {
  server = await startTestServer();
  redis = await startTestRedis();
  folder = await mkdtemp(join(tmpdir(), "dlq-docs-"));
  const { PYTHONPATH = "" } = pythonEnvironment();
  const program = join(folder, "dlq-migrate");
  await writeFile(program, `#!/bin/sh\nexec '${findPython()}' -m dlq.migrate "$@"\n`, {
    mode: 0o755,
  });
  shell = openShell(
    [
      `export PYTHONPATH='${PYTHONPATH}' PYTHONDONTWRITEBYTECODE=1 DLQ_SPOOL_DIR='${folder}/spool'`,
      `python() { '${findPython()}' "$@"; }`,
      `cd '${folder}'; PATH="$PWD:$PATH"`,
    ].join("\n"),
  );
}, DEADLINE_MS);

afterAll(async () => {
  shell?.close();
  await server?.stop();
  await redis?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true });
}, DEADLINE_MS);

/** Replaces the reader's addresses by those of the test. */
const here = (text: string) => atServer(text, server).replaceAll(OLD_REDIS, redis.url);

it("the program runs", { timeout: DEADLINE_MS }, async () => {
  await writeFile(join(folder, "program.py"), here(fence(PAGE, "python program")));
  const output = await shell.run("python -W ignore::DeprecationWarning program.py");
  const expected = fence(PAGE, "text program-output").trimEnd().split("\n");
  expect(firstMissing(expected, output), output).toBeUndefined();
});

it("the program with events runs", { timeout: DEADLINE_MS }, async () => {
  const port = await freePort();
  const nats = startNats(port);
  try {
    const text = here(fence(PAGE, "python events")).replace(
      "nats.connect(",
      // It may still be starting.
      "nats.connect(max_reconnect_attempts=-1, servers=",
    );
    await writeFile(
      join(folder, "events.py"),
      text.replace("nats://localhost:4222", `nats://127.0.0.1:${port}`),
    );
    const output = await shell.run("python -W ignore::DeprecationWarning events.py");
    const expected = fence(PAGE, "text events-output").trimEnd().split("\n");
    expect(firstMissing(expected, output), output).toBeUndefined();
  } finally {
    nats.kill("SIGKILL");
  }
});

function startNats(port: number): ChildProcess {
  const program = resolve(import.meta.dirname, "../../.runtime/bin/nats-server");
  return spawn(program, ["-a", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
}

it("the test of a program passes", { timeout: DEADLINE_MS }, async () => {
  await writeFile(join(folder, "test_program.py"), fence(PAGE, "python program-test"));
  const output = await shell.run("python -m pytest -q -p no:cacheprovider test_program.py");
  expect(output).toContain("1 passed");
});

it("the commands migrate the messages", { timeout: DEADLINE_MS }, async () => {
  const message = { original_message: { id: 17 }, first_failure_time: 1_790_000_000 };
  await redis.cli("SET", "shop_dlq:orders:orders:1", JSON.stringify(message));
  await redis.cli(
    "SET",
    "poison:orders:orders:2",
    JSON.stringify({ ...message, status: "poison" }),
  );
  await redis.cli("SET", "shop_dlq:orders:broken", "{");
  let output = "";
  let seen = 0;
  for (const { info, text } of fencesOf(PAGE)) {
    if (info === "sh migrate") output = await shell.run(here(text));
    if (info !== "text migrate-output") continue;
    seen++;
    expect(firstMissing(here(text).trimEnd().split("\n"), output), output).toBeUndefined();
  }
  expect(seen).toBe(2);
  expect(await redis.cli("KEYS", "*")).toBe("shop_dlq:orders:broken");
});

describe("its tables", () => {
  const python = (expression: string) =>
    shell.run(`python -c "import dlq.compat as c, dataclasses as d; print(*(${expression}))"`);
  const names = (heading: string) =>
    tableRows(PAGE, heading).flatMap(([cell = ""]) => codesOf(cell));

  it("have every setting, with its default", { timeout: DEADLINE_MS }, async () => {
    expect(await python("f.name for f in d.fields(c.DLQConfig)")).toContain(
      names("setting").join(" "),
    );
    for (const [cell = "", value = ""] of tableRows(PAGE, "setting")) {
      const [name = ""] = codesOf(cell);
      if (value === "") continue;
      const shown = await python(`[repr(c.DLQConfig('x').${name}).strip(chr(39))]`);
      if (name === "retry_policy")
        expect(await python("[c.DLQConfig('x').retry_policy == c.RetryPolicy()]")).toContain(
          "True",
        );
      else expect(shown.trim(), name).toBe(codesOf(value)[0] ?? value);
    }
  });

  it("have every call", { timeout: DEADLINE_MS }, async () => {
    const calls = await python(
      "n for n in vars(c.DLQHandler) if not n.startswith('_') and n != 'close'",
    );
    expect(calls.trim().split(" ").sort()).toEqual(names("call").sort());
  });

  it("have the default patterns", { timeout: DEADLINE_MS }, async () => {
    const help = await shell.run("COLUMNS=200 dlq-migrate --help");
    const rows = tableRows(PAGE, "option");
    expect(rows).toHaveLength(4);
    for (const [option = "", value = ""] of rows) {
      expect(help).toContain(codesOf(option)[0]);
      expect(help).toContain(`default: ${codesOf(value)[0]}`);
    }
  });
});
