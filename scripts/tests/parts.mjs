// The parts of `npm run check`, `npm test` and `npm run test:slow`. Every test file is in exactly one:
// the first whose pattern it matches.

import { allTests } from "./select.mjs";

/** @typedef {"check" | "test" | "slow"} Command `test` includes `check`; `slow` is for itself */
/** @typedef {{ name: string, command: Command, files: string[], env?: NodeJS.ProcessEnv }} Part */

/** @type {readonly (readonly [name: string, command: Command, pattern: RegExp])[]} */
const PATTERNS = [
  // Minutes of time, or measurements under load.
  [
    "long runs",
    "slow",
    /^test\/(?:hostile\/hostile|hostile\/fuzz\/fuzz|outage\/outage|soak\/soak)\.test/,
  ],
  // With the agents of all languages.
  ["contract", "test", /^test\/contract\/(?:contract|golden|pairs|sigterm)\.test/],
  ["contract", "test", /^test\/(?:bench\/bench|faults\/actors\/actors)\.test/],
  ["clients", "test", /^test\/clients\//],
  ["docs", "test", /^test\/docs\//],
  ["end to end", "test", /^test\/(?:conformance|demo|e2e|nats|serve)\//],
  ["end to end", "test", /^test\/rpc\/reflection\.test/],
  ["end to end", "test", /^test\/faults\/(?:drain|server-killed|store-full|store-outage)\.test/],
  ["unit and store", "check", /^test\//],
];

/** In the order in which they run: what fails soonest comes first. */
const ORDER = ["unit and store", "docs", "end to end", "clients", "contract", "long runs"];

/** Tests that `npm test` runs in a short form, with the settings of their long form. @type {Part} */
export const LONG_FORMS = {
  name: "long forms",
  command: "slow",
  files: [
    "test/e2e/breaker.test.ts",
    "test/model/life.test.ts",
    "test/serve/upgrade-large.test.ts",
  ],
  env: {
    DLQ_TEST_DOWN_MS: "60000",
    DLQ_MODEL_RUNS: "400",
    DLQ_TEST_UPGRADE_MESSAGES: "1000000",
  },
};

/** @returns {readonly Part[]} all parts with their files */
export function partsOf(files = allTests()) {
  const byName = new Map(ORDER.map((name) => [name, /** @type {string[]} */ ([])]));
  for (const file of files) byName.get(nameOf(file))?.push(file);
  return [...byName].map(([name, own]) => {
    const command = PATTERNS.find(([of]) => of === name)?.[1] ?? "test";
    return { name, command, files: own };
  });
}

/** @param {string} file */
function nameOf(file) {
  return PATTERNS.find(([, , pattern]) => pattern.test(file))?.[0] ?? "";
}
