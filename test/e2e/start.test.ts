// What a start that cannot succeed prints, and what it leaves behind.

import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runServer } from "../support/server-run.ts";

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp("/tmp/dlq-");
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Listens on a free port and returns `127.0.0.1:PORT`. */
async function takePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `127.0.0.1:${address.port}`;
}

test.each(["grpc", "http"])("a taken port for %s ends the start before Redis", async (name) => {
  const folder = await emptyFolder();
  const taken = await takePort();
  const free = name === "grpc" ? "--listen-http=off" : "--listen-grpc=127.0.0.1:0";
  const dataDir = join(folder, "data");
  const run = await runServer([`--listen-${name}=${taken}`, free, `--data-dir=${dataDir}`]);
  expect(run.code).toBe(1);
  expect(run.stdout).not.toContain("Redis"); // root is warned
  expect(run.stderr).toMatch(
    new RegExp(
      `^dlq-server: cannot listen for \\w+ on ${taken}: the port is in use; stop the program that uses it \\(ss -ltnp lists them\\), or choose another port with --listen-${name}\n$`,
    ),
  );
  expect(await readdir(folder)).toEqual([]);
});
