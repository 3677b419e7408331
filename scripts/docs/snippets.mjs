// `npm run docs:snippets`: copies examples of the clients, which their tests run, into docs/guides/choose-your-language.md.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = resolve(fileURLToPath(import.meta.url), "../../..");
export const PAGE = join(ROOT, "docs/guides/choose-your-language.md");

/** By folder of the client, in the order of the page: the language, the name of its fences, the end of its files. */
export const LANGUAGES = {
  typescript: { name: "TypeScript", fence: "ts", end: ".ts" },
  python: { name: "Python", fence: "python", end: ".py" },
  go: { name: "Go", fence: "go", end: ".go" },
  java: { name: "Java", fence: "java", end: ".java" },
  rust: { name: "Rust", fence: "rust", end: ".rs" },
};
const PARTS = ["producer", "worker"];

/** @param {string} page @returns {string} the page with the current examples */
export function withSnippets(page) {
  return PARTS.reduce((text, part) => {
    const mark = new RegExp(`(<!-- programs: ${part} -->\n)[^]*?(<!-- end -->)`);
    if (!mark.test(text)) throw new Error(`the page has no mark for programs: ${part}`);
    const programs = Object.entries(LANGUAGES).map(([folder, { name, fence, end }]) => {
      const { file, code } = snippetOf(folder, end, part);
      return `### ${name}${part === "worker" ? " worker" : ""}\n\n[${file}](../../${file})\n\n\`\`\`${fence}\n${code}\`\`\`\n`;
    });
    return text.replace(mark, (_, start, stop) => `${start}\n${programs.join("\n")}\n${stop}`);
  }, page);
}

/**
 * The lines between `[part]` and `[/part]` of the one example that has them.
 * @param {string} folder @param {string} end @param {string} part
 */
function snippetOf(folder, end, part) {
  const client = join("clients", folder);
  const found = examplesOf(client, end).flatMap((file) => {
    const code = regionsOf(readFileSync(join(ROOT, file), "utf8"), part);
    return code === "" ? [] : [{ file, code }];
  });
  const [snippet] = found;
  if (snippet === undefined || found.length > 1) {
    throw new Error(`${client} has ${found.length} examples with a part [${part}], not one`);
  }
  return snippet;
}

/** @param {string} client @param {string} end @returns {string[]} below the root */
function examplesOf(client, end) {
  const names = readdirSync(join(ROOT, client), { recursive: true, encoding: "utf8" });
  const isExample = (/** @type {string} */ name) =>
    extname(name) === end &&
    /(?:^|\/)examples?\//.test(name) &&
    !/node_modules|target\//.test(name);
  return names.filter(isExample).map((name) => join(client, name));
}

/** All regions of a part. @param {string} text @param {string} part @returns {string} */
function regionsOf(text, part) {
  const region = new RegExp(
    `^[ \\t]*(?://|#) \\[${part}\\]\n([^]*?)^[ \\t]*(?://|#) \\[/${part}\\]$`,
    "gm",
  );
  const regions = [...text.matchAll(region)].map(([, code]) => `${dedented(code ?? "").trim()}\n`);
  return regions.join("\n");
}

/** Removes the indentation that all lines share. @param {string} code */
function dedented(code) {
  const lines = code.split("\n");
  const own = lines
    .filter((line) => line.trim() !== "")
    .map((line) => /^[ \t]*/.exec(line)?.[0] ?? "");
  const least = Math.min(...own.map((indent) => indent.length));
  return lines.map((line) => line.slice(least)).join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(PAGE, withSnippets(readFileSync(PAGE, "utf8")));
}
