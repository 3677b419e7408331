// Generated code: how it is made, and whether what is checked in is what would be made now.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../setup/places.mjs";

/**
 * Folders with the stubs of each client. Each client has its own template, because its plugins take
 * other packages than gen/ is made from. TypeScript uses gen/; Maven generates Java's at each build.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const CLIENTS = {
  go: ["clients/go/dlqspoolv1", "clients/go/dlqv1"],
  python: ["clients/python/src/dlq/spool/v1", "clients/python/src/dlq/v1"],
  rust: ["clients/rust/src/gen"],
};

/** @param {readonly string[]} leftOut */
const clientsBut = (leftOut) =>
  Object.entries(CLIENTS).filter(([language]) => !leftOut.includes(language));

/**
 * The commands that generate everything below `out`.
 * @param {string} out the root of the tree to write
 * @param {readonly string[]} [leftOut] languages whose stubs are not written
 */
export function generateCommands(out, leftOut = []) {
  const descriptors = join(out, "gen/descriptors.binpb");
  return [
    ["buf", "generate", "-o", out],
    ...clientsBut(leftOut).map(([language]) => {
      const template = `clients/${language}/buf.gen.yaml`;
      return ["buf", "generate", "--template", template, "-o", out];
    }),
    // protoc-gen-es keeps no comments: reflection serves them from here.
    ["buf", "build", "proto", "--as-file-descriptor-set", "-o", descriptors],
  ];
}

/**
 * Generates into a folder of its own, so that the work tree stays as it is.
 * @param {(command: readonly string[]) => { ok: boolean, output: string }} run
 * @param {readonly string[]} leftOut languages that this machine has no tools of
 */
export function checkGenerated(run, leftOut) {
  const out = mkdtempSync(join(tmpdir(), "dlq-generated-"));
  try {
    for (const command of generateCommands(out, leftOut)) {
      const result = run(command);
      if (!result.ok) return result;
    }
    // Each folder holds generated files only.
    const folders = ["gen", ...clientsBut(leftOut).flatMap(([, own]) => own)];
    const differing = folders.flatMap((folder) => differences(out, folder));
    if (differing.length === 0) return { ok: true, output: "" };
    const output = `Run \`npm run generate\` and commit the result. Differing:\n${differing.join("\n")}`;
    return { ok: false, output };
  } finally {
    rmSync(out, { recursive: true });
  }
}

/** @param {string} out @param {string} folder */
function differences(out, folder) {
  const names = new Set([...filesOf(join(out, folder)), ...filesOf(join(ROOT, folder))]);
  const same = (/** @type {string} */ name) => {
    const [made, kept] = [out, ROOT].map((root) => contentOf(join(root, folder, name)));
    return made !== undefined && kept !== undefined && made.equals(kept);
  };
  return [...names].filter((name) => !same(name)).map((name) => `  ${join(folder, name)}`);
}

/** @param {string} folder @returns {string[]} paths relative to it, without Python's own leavings */
function filesOf(folder) {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
      (name) => !name.includes("__pycache__") && statSync(join(folder, name)).isFile(),
    );
  } catch {
    return [];
  }
}

/** @param {string} file */
function contentOf(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
