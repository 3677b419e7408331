// Builds the package: `node build.mjs [FOLDER]`; FOLDER is dist by default.

import { join } from "node:path";
import { buildPackage } from "../../scripts/package/build.mjs";

const folder = import.meta.dirname;
const [out = join(folder, "dist")] = process.argv.slice(2);

buildPackage({ folder, out, generated: ["dlq/v1", "dlq/spool/v1"] });
