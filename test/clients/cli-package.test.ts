// The package of the command line as a new user gets it: packed together with dlq-client and installed into an empty folder.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/server.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const run = promisify(execFile);
/** Set by `npm test`; empty if there is no binary for this platform. */
const { DLQ_OLDEST_NODE: OLDEST_NODE = "" } = process.env;

interface PackageJson {
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly engines: Readonly<Record<string, string>>;
}

let folder: string;
let server: TestServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dlq-cli-"));
  await install("typescript", "dlq-client");
  await install("cli", "dlq-cli");
  server = await startTestServer();
}, 180_000);
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true });
});

/** Installs the tarball, and links the other dependencies from this repository: a registry must not change the test. */
async function install(source: string, name: string): Promise<void> {
  const modules = join(folder, "node_modules");
  const installed = join(modules, name);
  const cwd = join(ROOT, "clients", source);
  await run("npm", ["pack", "--pack-destination", folder], { cwd });
  const tarball = (await readdir(folder)).find((file) => file.startsWith(`${name}-`)) ?? "";
  await mkdir(installed, { recursive: true });
  await run("tar", ["-xzf", join(folder, tarball), "-C", installed, "--strip-components=1"]);
  for (const dependency of Object.keys((await manifest(name)).dependencies)) {
    const link = join(modules, dependency);
    await mkdir(dirname(link), { recursive: true });
    if (dependency === "dlq-client") continue;
    await symlink(join(ROOT, "node_modules", dependency), link).catch(() => {}); // of the other package
  }
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
}

async function manifest(name: string): Promise<PackageJson> {
  const file = join(folder, "node_modules", name, "package.json");
  return JSON.parse(await readFile(file, "utf8"));
}

it("contains JavaScript, the documents, and nothing else", async () => {
  const files = await readdir(join(folder, "node_modules/dlq-cli"), { recursive: true });
  const outside = files.filter((name) => !name.startsWith("dist"));
  expect(outside.sort()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "package.json"]);
  const inside = files.filter((name) => /^dist\/.*\.\w+$/.test(name));
  expect(inside.filter((name) => !name.endsWith(".js"))).toEqual([]);
});

it("depends on the dlq-client of its version, which supports the same Node", async () => {
  const [cli, client] = await Promise.all([manifest("dlq-cli"), manifest("dlq-client")]);
  expect(cli.dependencies["dlq-client"]).toBe(client.version);
  expect(cli.engines).toEqual(client.engines);
});

it("uses the versions that this repository tests", async () => {
  const root = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  const { dependencies } = await manifest("dlq-cli");
  expect(dependencies.commander).toBe(root.devDependencies.commander);
});

const nodes = [
  ["this Node", process.execPath],
  ["Node 20", OLDEST_NODE],
].filter(([, node]) => node !== "");

describe.each(nodes)("on %s", (_, node = "") => {
  const dlq = async (...args: string[]) => {
    const { bin } = await manifest("dlq-cli");
    const main = join(folder, "node_modules/dlq-cli", bin.dlq ?? "");
    const env = { PATH: process.env.PATH, HOME: folder, DLQ_TARGET: server.grpcAddress };
    return await run(node, [main, ...args], { env });
  };

  it("sends, lists and processes a message", async () => {
    const queue = `of-node-${nodes.findIndex(([, one]) => one === node)}`;
    await dlq("send", queue, "hello", "--delay", "0");
    expect((await dlq("ls", queue)).stdout).toMatch(/^ID +STATE/);
    expect((await dlq("work", queue, "--limit", "1", "--", "cat")).stdout).toBe("hello");
    expect((await dlq("--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
