// Reads fenced blocks, links and tables of the project's Markdown files.

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "../..");

/** Returns the paths of all documents, relative to the root. */
export function documents(): string[] {
  const top = readdirSync(ROOT).filter((name) => name.endsWith(".md"));
  const below = ["docs", "clients"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md") && !/node_modules|target\//.test(name))
      .map((name) => join(folder, name)),
  );
  return [...top, ...below];
}

export function readDocument(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

export interface Fence {
  /** The text after the backticks: a language, and optionally a mark for these tests. */
  readonly info: string;
  readonly text: string;
}

export function fencesOf(markdown: string): Fence[] {
  return [...markdown.matchAll(/^```(\S.*)?\n([\s\S]*?)^```$/gm)].map((match) => ({
    info: match[1] ?? "",
    text: match[2] ?? "",
  }));
}

/** The one block with this info string. */
export function fence(markdown: string, info: string): string {
  const found = fencesOf(markdown).filter((one) => one.info === info);
  if (found.length !== 1) throw new Error(`expected one block \`${info}\`, found ${found.length}`);
  return found[0]?.text ?? "";
}

export function withoutFences(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```$/gm, "");
}

/** Returns the link targets, as written. */
export function linksOf(markdown: string): string[] {
  return [...withoutFences(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "");
}

/** Returns the anchors of the headings, as on GitHub. */
export function anchorsOf(markdown: string): string[] {
  return [...withoutFences(markdown).matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** The cells of the rows of the table whose first heading is `heading`. */
export function tableRows(markdown: string, heading: string): string[][] {
  const lines = withoutFences(markdown).split("\n");
  const start = lines.findIndex((line) => cellsOf(line)[0] === heading);
  if (start < 0) throw new Error(`no table starts with "${heading}"`);
  const body = lines.slice(start + 2);
  const end = body.findIndex((line) => !line.startsWith("|"));
  return body.slice(0, end < 0 ? undefined : end).map(cellsOf);
}

function cellsOf(line: string): string[] {
  if (!line.startsWith("|")) return [];
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** The words in backticks of a cell. */
export function codesOf(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
}
