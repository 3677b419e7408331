// Variables that scripts and tests read are no settings of a server: with one of them exported it must start.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { loadErrors } from "./load-support.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** The names after `process.env.`, and in `const { … } = process.env`. */
function variablesReadBy(source: string): string[] {
  const single = source.matchAll(/process\.env\.(DLQ_[A-Z_]+)/g);
  const several = source.matchAll(/\{([^{}]*)\} = process\.env\b/g);
  return [...single, ...several].flatMap(([, names = ""]) => names.match(/DLQ_[A-Z_]+/g) ?? []);
}

const FILES = execFileSync("git", ["ls-files", "-z", "scripts", "test"], { cwd: ROOT })
  .toString()
  .split("\0")
  .filter((file) => /\.(?:ts|mjs)$/.test(file));

const READ = new Set(
  FILES.flatMap((file) => variablesReadBy(readFileSync(join(ROOT, file), "utf8"))),
);

test.each([...READ].toSorted())("%s is known", (name) => {
  const unknown = loadErrors({ env: { [name]: "x" } }).filter((error) =>
    error.includes("unknown variable"),
  );
  expect(unknown).toEqual([]);
});
