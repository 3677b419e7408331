// Judges again what a run has kept: `node test/faults/recheck.ts FOLDER`, such as that which a failed
// run names, with the world: …/external-7.

import { judge } from "./history/kept.ts";
import { FAILOVER_LOSS } from "./kinds/sentinel.ts";

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write("node test/faults/recheck.ts FOLDER\n");
  process.exit(2);
}
const report = await judge(folder, FAILOVER_LOSS);
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
process.exitCode = report.violations.length > 0 ? 1 : 0;
