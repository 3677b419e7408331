import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { LANGUAGES, PAGE, withSnippets } from "../../scripts/docs/snippets.mjs";
import { readDocument, tableRows } from "./markdown.ts";

const page = readFileSync(PAGE, "utf8");
const rows = tableRows(page, "language");

it("shows the programs as the clients' tests run them: `npm run docs:snippets` writes them", () => {
  expect(page).toBe(withSnippets(page));
});

it("has a row for each language, which installs what is there", () => {
  const names = rows.map(([cell = ""]) => /^\[(\w+)\]/.exec(cell)?.[1]);
  expect(names).toEqual(Object.values(LANGUAGES).map(({ name }) => name));
  const [header = []] = [
    page
      .split("\n")
      .find((line) => line.startsWith("| | "))
      ?.split("|") ?? [],
  ];
  expect(header.slice(2, -1).map((cell) => cell.trim())).toEqual(names);
});

/** Least versions, as the packages themselves say them. */
it.each([
  ["TypeScript", "clients/typescript/package.json", /"node": ">=([\d.]+)"/],
  ["Python", "clients/python/pyproject.toml", /requires-python = ">=([\d.]+)"/],
  ["Go", "clients/go/go.mod", /^go (\d+\.\d+)/m],
  ["Java", "clients/java/pom.xml", /<maven\.compiler\.release>(\d+)</],
  ["Rust", "clients/rust/Cargo.toml", /rust-version = "([\d.]+)"/],
])("says the least version that %s needs", (name, file, version) => {
  const least = version.exec(readDocument(file))?.[1];
  const row = rows.find(([cell = ""]) => cell.includes(`[${name}]`));
  expect(row?.[2]).toContain(` ${least} `);
});
