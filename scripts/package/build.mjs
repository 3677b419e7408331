// Compiles an npm package of this repository. Its sources import the generated code from gen/ at the root, which the package does
// not contain: tsc compiles a copy of the sources that has it as src/gen.

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

const ROOT = join(import.meta.dirname, "../..");

/**
 * @typedef {{
 *   folder: string, out: string,
 *   generated: readonly string[],
 *   rewrite?: (source: string) => string,
 *   compilerOptions?: (copy: string) => Record<string, unknown>,
 * }} Package `folder`: of package.json, tsconfig.json and src; `generated`: folders of gen that it imports; `rewrite`: of each
 *   source, before it is compiled; `compilerOptions`: further ones, given the folder of the copy
 */

/** Sets the exit code. @param {Package} options */
export function buildPackage({ folder, out, generated, rewrite, compilerOptions }) {
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  if (!existsSync(tsc)) {
    process.stderr.write(`TypeScript is missing: run "npm install" in ${ROOT} first\n`);
    process.exit(1);
  }
  mkdirSync(join(folder, "build"), { recursive: true });
  // A folder of its own: two builds may run at a time.
  const copy = mkdtempSync(join(folder, "build/"));
  try {
    const src = join(copy, "src");
    cpSync(join(folder, "src"), src, { recursive: true });
    for (const name of readdirSync(src, { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".ts")) continue;
      const file = join(src, name);
      const source = withOwnGen(readFileSync(file, "utf8"));
      writeFileSync(file, rewrite === undefined ? source : rewrite(source));
    }
    for (const one of generated) {
      cpSync(join(ROOT, "gen", one), join(src, "gen", one), { recursive: true });
    }
    const config = {
      extends: join(folder, "tsconfig.json"),
      compilerOptions: {
        ...{ noEmit: false, rootDir: "src", outDir: out },
        ...compilerOptions?.(copy),
      },
      include: ["src"],
    };
    writeFileSync(join(copy, "tsconfig.json"), JSON.stringify(config));
    rmSync(out, { recursive: true, force: true });
    const { status } = spawnSync(process.execPath, [tsc, "-p", copy], { stdio: "inherit" });
    process.exitCode = status ?? 1;
  } finally {
    rmSync(copy, { recursive: true });
  }
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
