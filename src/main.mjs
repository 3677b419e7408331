// Entry of the command line: runs main.ts, which an older Node cannot read.

import { isRecentNode, OLDEST_NODE } from "./oldest-node.mjs";

if (isRecentNode(process.versions.node)) {
  await import("./main.ts");
} else {
  process.stderr.write(
    `dlq-server: needs Node ${OLDEST_NODE} or newer, and this is ${process.version}: install it from https://nodejs.org, or run "npm start", which does that\n`,
  );
  process.exitCode = 2;
}
