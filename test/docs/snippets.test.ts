import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { LANGUAGES, PAGE, withSnippets } from "../../scripts/docs/snippets.mjs";
import { readDocument, tableRows } from "./markdown.ts";

const page = readFileSync(PAGE, "utf8");
const rows = tableRows(page, "language");

it("has the programs that the clients' tests run: `npm run docs:snippets` writes them", () => {
  expect(page).toBe(withSnippets(page));
});

it("has a row for each language, with its existing package", () => {
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

/** The least versions in the packages. */
it.each([
  ["TypeScript", "clients/typescript/package.json", /"node": ">=([\d.]+)"/],
  ["Python", "clients/python/pyproject.toml", /requires-python = ">=([\d.]+)"/],
  ["Go", "clients/go/go.mod", /^go (\d+\.\d+)/m],
  ["Java", "clients/java/pom.xml", /<maven\.compiler\.release>(\d+)</],
  ["Rust", "clients/rust/Cargo.toml", /rust-version = "([\d.]+)"/],
])("has the least version that %s needs", (name, file, version) => {
  const least = version.exec(readDocument(file))?.[1];
  const row = rows.find(([cell = ""]) => cell.includes(`[${name}]`));
  expect(row?.[2]).toContain(` ${least} `);
});
