// Judges again what a run has kept: `node test/faults/recheck.ts FOLDER`, such as that which a failed
// run names, with the environment: …/external-7.

import { basename } from "node:path";
import { judge } from "./history/kept.ts";
import { EVERYSEC, REPLICAS, SENTINEL } from "./kinds/catalog.ts";

const [folder = ""] = process.argv.slice(2);
if (folder === "") {
  process.stderr.write("node test/faults/recheck.ts FOLDER\n");
  process.exit(2);
}
const scene = [EVERYSEC, SENTINEL, REPLICAS].find(({ environment }) =>
  basename(folder).startsWith(environment),
);
const report = await judge(folder, scene?.allowLoss);
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
process.exitCode = report.violations.length > 0 ? 1 : 0;
