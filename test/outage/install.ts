// The clients as users have them: built, and installed into a folder of the run.

import { execFile } from "node:child_process";
import { copyFile, mkdir, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { findPython } from "../support/python.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const PROGRAMS = resolve(import.meta.dirname, "programs");
const run = promisify(execFile);

/** How the programs of one language are started. */
export interface Language {
  readonly name: string;
  readonly command: (program: "producer" | "worker") => readonly string[];
  /** Further arguments of the programs. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export function installClients(folder: string): Promise<readonly Language[]> {
  return Promise.all([installTypeScript(folder), installPython(folder)]);
}

/** As `npm install` of the packed package does it, with the dependencies that are here. */
async function installTypeScript(folder: string): Promise<Language> {
  const modules = join(folder, "typescript-client/node_modules");
  const installed = join(modules, "dlq-client");
  await mkdir(installed, { recursive: true });
  const source = join(ROOT, "clients/typescript");
  await run(process.execPath, [join(source, "build.mjs"), join(installed, "dist")]);
  await copyFile(join(source, "package.json"), join(installed, "package.json"));
  for (const scope of ["@bufbuild", "@connectrpc"]) {
    await symlink(join(ROOT, "node_modules", scope), join(modules, scope));
  }
  return {
    name: "typescript",
    command: (program) => [process.execPath, join(PROGRAMS, `${program}.ts`)],
    args: ["--client", join(installed, "dist/index.js")],
    env: {},
  };
}

async function installPython(folder: string): Promise<Language> {
  const python = findPython();
  const site = join(folder, "python-client");
  const quiet = ["--quiet", "--disable-pip-version-check"];
  // By the hatchling that is installed, and without dependencies, which are here: nothing is fetched.
  const alone = ["--no-deps", "--no-build-isolation", "--target", site];
  const source = join(ROOT, "clients/python");
  await run(python, ["-m", "pip", "install", ...quiet, ...alone, source]);
  return {
    name: "python",
    command: (program) => [python, join(PROGRAMS, `${program}.py`)],
    args: [],
    env: { PYTHONPATH: site, PYTHONDONTWRITEBYTECODE: "1", GRPC_VERBOSITY: "NONE" },
  };
}
