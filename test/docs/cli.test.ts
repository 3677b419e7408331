// Runs the examples of the command line's README in order, in one shell against a real server, and compares its tables with the
// code.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { EXIT, EXIT_MEANINGS } from "../../clients/cli/src/errors.ts";
import { HANDLER_EXITS } from "../../clients/cli/src/worker/exit-outcome.ts";
import { startTestServer } from "../support/server.ts";
import { codesOf, fencesOf, ROOT, readDocument, tableRows, withoutFences } from "./markdown.ts";
import { openShell } from "./shell.ts";
import { firstMissing } from "./transcript.ts";

const README = readDocument("clients/cli/README.md");
const BLOCKS = fencesOf(README).filter(({ info }) => / cli(?:-output)?$/.test(info));

it("its examples give the documented output", { timeout: 120_000 }, async () => {
  expect(BLOCKS.length).toBeGreaterThan(10);
  const server = await startTestServer();
  const home = await mkdtemp(join(tmpdir(), "dlq-docs-"));
  const main = join(ROOT, "clients/cli/src/main.ts");
  // The reader's server has the default address.
  const shell = openShell(
    `export HOME='${home}' DLQ_TARGET='${server.grpcAddress}'; unset XDG_CONFIG_HOME
dlq() { '${process.execPath}' '${main}' "$@"; }`,
  );
  try {
    let output = "";
    for (const { info, text } of BLOCKS) {
      if (info === "sh cli") output = await shell.run(text);
      else {
        const missing = firstMissing(text.trimEnd().split("\n"), output);
        expect(missing, `in the output\n${output}`).toBeUndefined();
      }
    }
  } finally {
    shell.close();
    await server.stop();
    await rm(home, { recursive: true });
  }
});

it("has a row for each exit code", () => {
  const words = tableRows(README, "exit code").map(([code = "", meaning = ""]) => [
    Number(code),
    meaning.replaceAll("`", ""),
  ]);
  const names = Object.keys(EXIT) as (keyof typeof EXIT)[];
  expect(words).toEqual(names.map((name) => [EXIT[name], EXIT_MEANINGS[name]]));
  const handler = tableRows(README, "exit code of the command").map(([code]) => code);
  expect(handler).toEqual([...HANDLER_EXITS.map(({ code }) => String(code)), "others"]);
});

it("has every command", async () => {
  const folder = join(ROOT, "clients/cli/src/commands");
  const files = ["inspection", "actions", "transfers", "checks"].map((name) =>
    join(folder, `${name}.ts`),
  );
  const sources = (await Promise.all(files.map((file) => readFile(file, "utf8")))).join("\n");
  const names = [...sources.matchAll(/from "\.\/([\w-]+)\.ts"/g)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(12);
  const commands = new Set([...README.matchAll(/\bdlq ([a-z-]+)/g)].map(([, name]) => name));
  expect(names.filter((name) => !commands.has(name ?? ""))).toEqual([]);
});

it("has the variables of a command", async () => {
  const file = join(ROOT, "clients/cli/src/worker/message-variables.ts");
  const source = await readFile(file, "utf8");
  const given = [...source.matchAll(/^ {4}(DLQ_\w+):/gm)].map(([, name]) => name);
  const named = codesOf(withoutFences(README)).filter((code) => code.startsWith("DLQ_MESSAGE"));
  expect(named.toSorted()).toEqual(given.toSorted());
});
