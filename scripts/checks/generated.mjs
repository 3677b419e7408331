// Generated code: how it is made, and whether what is checked in is what would be made now.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../setup/places.mjs";

/** Folders that hold generated files only; each is compared with what is generated now. */
const FOLDERS = [
  "gen",
  "clients/go/dlqspoolv1",
  "clients/go/dlqv1",
  "clients/java/src/generated/java",
  "clients/python/src/dlq/spool/v1",
  "clients/python/src/dlq/v1",
  "clients/rust/src/gen",
  "clients/typescript/src/gen",
];

/** Clients have templates of their own: their plugins take other packages than what gen/ is made from. */
const CLIENTS = ["go", "java", "python", "rust", "typescript"].map(
  (name) => `clients/${name}/buf.gen.yaml`,
);

/**
 * The commands that generate everything below `out`.
 * @param {string} out the root of the tree to write
 */
export function generateCommands(out) {
  const descriptors = join(out, "gen/descriptors.binpb");
  return [
    ["buf", "generate", "-o", out],
    ...CLIENTS.map((template) => ["buf", "generate", "--template", template, "-o", out]),
    // protoc-gen-es keeps no comments: reflection serves them from here.
    ["buf", "build", "proto", "--as-file-descriptor-set", "-o", descriptors],
  ];
}

/**
 * Generates into a folder of its own, so that the work tree stays as it is.
 * @param {(command: readonly string[]) => { ok: boolean, output: string }} run
 */
export function checkGenerated(run) {
  const out = mkdtempSync(join(tmpdir(), "dlq-generated-"));
  try {
    for (const command of generateCommands(out)) {
      const result = run(command);
      if (!result.ok) return result;
    }
    const differing = FOLDERS.flatMap((folder) => differences(out, folder));
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
