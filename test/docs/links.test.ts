// Checks that files, headings and paths named in the documents exist.

import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import {
  anchorsOf,
  codesOf,
  documents,
  linksOf,
  ROOT,
  readDocument,
  withoutFences,
} from "./markdown.ts";

const FILES = documents();
const { scripts: SCRIPTS } = JSON.parse(readDocument("package.json")) as { scripts: object };

/** Returns why a link is broken. Undefined if it works or leads out of the project. */
function broken(file: string, link: string): string | undefined {
  if (/^https?:/.test(link)) return undefined;
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? file : relative(ROOT, join(ROOT, dirname(file), path));
  if (!existsSync(join(ROOT, target))) return `${link}: ${target} does not exist`;
  if (anchor === undefined) return undefined;
  return anchorsOf(readDocument(target)).includes(anchor)
    ? undefined
    : `${link}: ${target} has no such heading`;
}

/** Paths of this project in backticks; capital messages stand for something. */
const OWN_PATH = /^(?:src|test|docs|proto|scripts|clients|gen)\/[a-z0-9_./-]+$/;

describe.each(FILES)("%s", (file) => {
  const markdown = readDocument(file);

  test("its links work", () => {
    expect(linksOf(markdown).flatMap((link) => broken(file, link) ?? [])).toEqual([]);
  });

  test("the paths that it names exist", () => {
    const paths = codesOf(withoutFences(markdown)).filter((code) => OWN_PATH.test(code));
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test("the npm scripts that it names exist", () => {
    const named = [...markdown.matchAll(/npm run (?:-\S+ )*([\w:-]+)/g)].map(
      (match) => match[1] ?? "",
    );
    expect(named.filter((name) => !(name in SCRIPTS))).toEqual([]);
  });
});

test("every document is linked from the README, directly or through another", () => {
  const reached = new Set<string>();
  const visit = (file: string): void => {
    if (reached.has(file) || !FILES.includes(file)) return;
    reached.add(file);
    for (const link of linksOf(readDocument(file))) {
      const path = link.split("#", 1)[0] ?? "";
      if (!/^https?:/.test(link) && path !== "") {
        visit(relative(ROOT, join(ROOT, dirname(file), path)));
      }
    }
  };
  visit("README.md");
  expect(FILES.filter((file) => !reached.has(file))).toEqual([]);
});
