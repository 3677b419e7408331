// Checks the histories of an earlier run again: `node test/faults/recheck.ts FOLDER`. A failed run prints its folder; the
// argument is the folder of an environment in it, such as …/external-7.

import { basename } from "node:path";
import { judge } from "./history/kept.ts";
import { EVERYSEC, REPLICAS, SENTINEL } from "./kinds/catalog.ts";

const [folder = ""] = process.argv.slice(2);
if (folder === "") {
  process.stderr.write("node test/faults/recheck.ts FOLDER\n");
  process.exit(2);
}
const tested = [EVERYSEC, SENTINEL, REPLICAS].find(({ environment }) =>
  basename(folder).startsWith(environment),
);
const report = await judge(folder, tested?.allowLoss);
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
process.exitCode = report.violations.length > 0 ? 1 : 0;
