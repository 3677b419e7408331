// Builds the clients and installs them into the folder of the run, as users do.

import { execFile } from "node:child_process";
import { copyFile, mkdir, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { ActorProgram } from "../faults/rig/actor-program.ts";
import { findPython } from "../support/python.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const PROGRAMS = resolve(import.meta.dirname, "programs");
const run = promisify(execFile);

/** One language and its programs. */
export interface Language {
  readonly name: string;
  program(role: "producer" | "worker"): ActorProgram;
}

export function installClients(folder: string): Promise<readonly Language[]> {
  return Promise.all([installTypeScript(folder), installPython(folder)]);
}

/** As `npm install` of the packed package does, with the dependencies of this project. */
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
  const client = join(installed, "dist/index.js");
  return {
    name: "typescript",
    program: (role) => ({
      command: [process.execPath, join(PROGRAMS, `${role}.ts`), "--client", client],
    }),
  };
}

async function installPython(folder: string): Promise<Language> {
  const python = findPython();
  const site = join(folder, "python-client");
  const quiet = ["--quiet", "--disable-pip-version-check"];
  // With the installed hatchling and packages: nothing is downloaded.
  const alone = ["--no-deps", "--no-build-isolation", "--target", site];
  const source = join(ROOT, "clients/python");
  await run(python, ["-m", "pip", "install", ...quiet, ...alone, source]);
  const env = {
    ...process.env,
    ...{ PYTHONPATH: site, PYTHONDONTWRITEBYTECODE: "1", GRPC_VERBOSITY: "NONE" },
  };
  return {
    name: "python",
    program: (role) => ({ command: [python, join(PROGRAMS, `${role}.py`)], env }),
  };
}
