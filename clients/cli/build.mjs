// Builds the package: `node build.mjs [FOLDER]`; FOLDER is dist by default.
//
// The sources import the sources of dlq-client, so that both are type-checked and tested together. The package imports the
// package dlq-client; its types come from a build of its own.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { buildPackage } from "../../scripts/package/build.mjs";

const folder = import.meta.dirname;
const [out = join(folder, "dist")] = process.argv.slice(2);

buildPackage({
  folder,
  out,
  generated: ["dlq/v1", "google/rpc"],
  rewrite: (source) =>
    source.replaceAll(/"(?:\.\.\/)+typescript\/src\/index\.ts"/g, '"dlq-client"'),
  compilerOptions(copy) {
    const client = join(copy, "dlq-client");
    const build = join(folder, "../typescript/build.mjs");
    spawnSync(process.execPath, [build, client], { stdio: "inherit" });
    return { declaration: false, paths: { "dlq-client": [join(client, "index.d.ts")] } };
  },
});
