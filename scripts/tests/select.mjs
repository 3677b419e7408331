// Which test files an argument of `npm test` means: a file is itself, a folder is all tests below it.

import { readdirSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { ROOT } from "../setup/places.mjs";
import { SetupError } from "../setup/step.mjs";

const IS_TEST = /\.test\.ts$/;

/** @returns {string[]} all test files, relative to the project */
export function allTests() {
  return testsBelow(join(ROOT, "test"));
}

/**
 * Separates paths from options of vitest. A short option, such as `-t NAME`, takes the next argument.
 * @param {readonly string[]} args
 */
export function splitArguments(args) {
  const isOption = args.map((arg, at) => arg.startsWith("-") || /^-\w$/.test(args[at - 1] ?? ""));
  return {
    paths: args.filter((_, at) => !isOption[at]),
    options: args.filter((_, at) => isOption[at]),
  };
}

/**
 * @param {readonly string[]} paths relative to the project
 * @returns {string[]} test files, relative to the project
 * @throws {SetupError} where a path has none
 */
export function testsOf(paths) {
  const files = paths.flatMap((path) => {
    const found = testsBelow(resolve(ROOT, path));
    if (found.length === 0)
      throw new SetupError(`${path} is no test file, and no folder of tests.`);
    return found;
  });
  return [...new Set(files)];
}

/** @param {string} path @returns {string[]} */
function testsBelow(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  const inside = stats?.isDirectory()
    ? readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => join(path, name))
    : stats?.isFile()
      ? [path]
      : [];
  return inside
    .filter((file) => IS_TEST.test(file))
    .map((file) => relative(ROOT, file))
    .sort();
}
