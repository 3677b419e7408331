// Builds the package: `node build.mjs [FOLDER]`; FOLDER is dist by default.
//
// The sources import the generated code from gen/ at the root of the repository. The package does not
// contain that folder, so tsc compiles a copy of the sources that has it as src/gen.

import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

const PACKAGE = import.meta.dirname;
const ROOT = join(PACKAGE, "../..");
const GENERATED = ["dlq/v1", "dlq/spool/v1"];
const [out = join(PACKAGE, "dist")] = process.argv.slice(2);

const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
if (!existsSync(tsc)) {
  process.stderr.write(`TypeScript is missing: run "npm install" in ${ROOT} first\n`);
  process.exit(1);
}

mkdirSync(join(PACKAGE, "build"), { recursive: true });
// A folder of its own: two builds may run at a time.
const copy = mkdtempSync(join(PACKAGE, "build/"));
try {
  const src = join(copy, "src");
  cpSync(join(PACKAGE, "src"), src, { recursive: true });
  for (const name of readdirSync(src, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    const file = join(src, name);
    writeFileSync(file, withOwnGen(readFileSync(file, "utf8")));
  }
  for (const folder of GENERATED) {
    cpSync(join(ROOT, "gen", folder), join(src, "gen", folder), { recursive: true });
  }
  const config = {
    extends: join(PACKAGE, "tsconfig.json"),
    compilerOptions: { noEmit: false, rootDir: "src", outDir: out },
    include: ["src"],
  };
  writeFileSync(join(copy, "tsconfig.json"), JSON.stringify(config));
  rmSync(out, { recursive: true, force: true });
  const { status } = spawnSync(process.execPath, [tsc, "-p", copy], { stdio: "inherit" });
  process.exitCode = status ?? 1;
} finally {
  rmSync(copy, { recursive: true });
}

/**
 * From `../../../gen/` to `./gen/`, and from `../../../../gen/` to `../gen/`.
 * @param {string} source
 */
function withOwnGen(source) {
  return source.replaceAll(
    /"((?:\.\.\/)*)\.\.\/\.\.\/\.\.\/gen\//g,
    (_, up) => `"${up === "" ? "./" : up}gen/`,
  );
}
