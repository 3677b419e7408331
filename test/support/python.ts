// The Python of the tests.

import { existsSync } from "node:fs";
import { resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");

/** DLQ_PYTHON, else the one that `npm test` has set up, with scripts/python-requirements.txt. */
export function findPython(): string {
  const venv = resolve(ROOT, ".runtime/venv/bin/python");
  const python = process.env.DLQ_PYTHON ?? venv;
  if (python.includes("/") && !existsSync(python)) {
    throw new Error(
      `no Python at ${python}: run \`npm test\` once, or set DLQ_PYTHON to a Python that has ` +
        "scripts/python-requirements.txt installed",
    );
  }
  return python;
}

/** Imports `dlq` from the work tree, and writes no caches into it. */
export function pythonEnvironment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PYTHONPATH: resolve(ROOT, "clients/python/src"),
    PYTHONDONTWRITEBYTECODE: "1",
  };
}
