// What the tests that were asked for need of other languages, so that `npm test -- test/core` neither
// asks for a JDK nor builds anything.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./places.mjs";
import { LANGUAGES } from "./toolchains.mjs";

/** Tests that run the agents of all languages. */
const OF_ALL = /^test\/(?:bench|contract|faults)\//;
/** Tests of one client are named by it. */
const OF_ONE = new RegExp(`^test/clients/(${LANGUAGES.join("|")})\\b`);

/**
 * @param {readonly string[]} args of `npm test`: those that are no options are parts of paths, as
 *   vitest takes them
 * @returns {{ languages: readonly string[], agents: boolean }} `agents`: theirs must be built
 */
export function needsOf(args) {
  const parts = args.filter((arg, at) => !arg.startsWith("-") && !/^-\w$/.test(args[at - 1] ?? ""));
  const names = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" });
  const chosen = names
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `test/${name}`)
    .filter((file) => parts.length === 0 || parts.some((part) => join(ROOT, file).includes(part)));
  if (chosen.some((file) => OF_ALL.test(file))) return { languages: LANGUAGES, agents: true };
  const found = new Set(chosen.flatMap((file) => OF_ONE.exec(file)?.[1] ?? []));
  return { languages: [...found], agents: false };
}
