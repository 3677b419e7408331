// Checks that the words retired in docs/reference/glossary.md are not used, in prose or in names.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "./markdown.ts";

/** Not allowed anywhere, except in "dead letter", for letters of the alphabet, and in stored names. */
const RETIRED_WORDS = [
  ...["letter", "letters", "courier", "couriers", "shelf", "shelves", "shelter", "shelters"],
  ...["hasten", "hastens", "hastened", "mend", "mends", "mended", "mending"],
  ...["told", "untold", "whoever", "parked", "unparked", "elder", "elders", "journal", "journals"],
];

/** Not allowed in identifiers. Prose may use them in their usual meaning. */
const RETIRED_NAMES = [
  ...["lane", "lanes", "laned", "gate", "gates", "gated", "suspect", "suspects"],
  ...["keeper", "keepers", "adopt", "adopts", "adopted", "adopter", "adopters", "adoption"],
  ...["spare", "spared", "hurry", "stranger", "strangers", "doubtful", "news", "tell", "tells"],
];

/** Words with another meaning in one place: `path: pattern`. */
const ALLOWED: readonly (readonly [path: RegExp, text: RegExp])[] = [
  [/./, /dead[-_ ]?letter\w*/gi],
  [
    /./,
    /letters,? digits|letter by letter|(?:capital|random|no) letters|letters and digits|1-26 letters|both letters|letter or digit/gi,
  ],
  [/^docs\/internals\/storage\.md$/, /`[^`]*`/g],
  [/^test\/(?:store|support)\//, /"parked"/g],
  [/^src\/rpc\//, /requestGate/g], // of Connect
  // Of layout 3, and what replaces it.
  [/^src\/store\/redis\/upgrades\/|^CHANGELOG\.md$/, /\bjournals?\b/g],
  [/./, /journal[-_]max[-_]entries/gi],
  // Suffixes and fields of stored keys keep their names until the layout changes.
  [/^(?:src\/store|test\/(?:store|support))\//, /["'`{}\w$.]*:[a-z_]+:?["'`]/g],
];

/** Generated files, recordings, and files about the words. */
const LEFT_OUT =
  /^gen\/|\/gen\/|\/generated\/|_pb2|\.pb\.go$|lock|go\.sum$|\.binpb$|^test\/golden\/failures\/|\/layouts\/|glossary\.md$|words\.test\.ts$|^LICENSE$/;

const FILES = execFileSync("git", ["ls-files", "-z"], { cwd: ROOT, encoding: "utf8" })
  .split("\0")
  .filter((file) => file !== "" && !LEFT_OUT.test(file));

const CODE = /\.(?:ts|mts|mjs|lua|py|go|java|rs)$/;

function textOf(file: string): string {
  try {
    const text = readFileSync(join(ROOT, file), "utf8");
    return ALLOWED.reduce((rest, [path, allowed]) => {
      return path.test(file) ? rest.replace(allowed, (found) => found.replace(/\S/g, " ")) : rest;
    }, text);
  } catch {
    return ""; // deleted and not committed yet
  }
}

/** The words of a line, with the parts of `snake_case` and `camelCase` apart. */
function wordsOf(line: string): string[] {
  return line
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .split(/[^A-Za-z]+/)
    .map((word) => word.toLowerCase());
}

/** Without comments and texts: what is left are names. */
function namesOf(line: string): string {
  if (/^\s*(?:\/\/|\*|\/\*|--|#(?!\[))/.test(line)) return "";
  return line
    .replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, '""')
    .replace(/(?:\/\/|--|(?<=\s)#).*$/, "");
}

function found(files: readonly string[], retired: readonly string[], part: (l: string) => string) {
  return files.flatMap((file) =>
    textOf(file)
      .split("\n")
      .flatMap((line, at) =>
        wordsOf(part(line))
          .filter((word) => retired.includes(word))
          .map((word) => `${file}:${at + 1}: ${word}`),
      ),
  );
}

describe("words that the glossary retired", () => {
  test("do not occur in text, names or file names", () => {
    expect(found(FILES, RETIRED_WORDS, (line) => line)).toEqual([]);
    const names = FILES.filter((file) =>
      wordsOf(file.replace(/dead[-_]?letters?/gi, "")).some((word) => RETIRED_WORDS.includes(word)),
    );
    expect(names).toEqual([]);
  });

  test("are not parts of identifiers", () => {
    // Collectors call libraries by their names, such as ZooKeeper.
    const own = FILES.filter((file) => !file.startsWith("test/golden/collect/"));
    const code = own.filter((file) => CODE.test(file));
    expect(found(code, RETIRED_NAMES, namesOf)).toEqual([]);
  });

  test("are found in names and comments", () => {
    expect(wordsOf("const spoolCourier = toldAt; // a_letter")).toEqual(
      expect.arrayContaining(["courier", "told", "letter"]),
    );
  });
});
