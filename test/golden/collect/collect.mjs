// Causes failures in all languages and records the errors. See --help.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { goldenSet } from "./golden-set.mjs";
import { LANGUAGES } from "./languages.mjs";
import { normalise } from "./normalise.mjs";
import { startPeers } from "./servers/all.mjs";

const HELP = `node test/golden/collect/collect.mjs [LANGUAGE...]

Starts peers that fail on loopback ports, lets small programs run into them, and writes
test/golden/failures/LANGUAGE.json. Languages: ${Object.keys(LANGUAGES).join(", ")}; default all.

The first run fetches libraries from the registry of each language, beside the programs; nothing
of it is committed. Needs node 24, redis-server (or DLQ_REDIS_SERVER), and the language's own tools.

  --only PART   show the cases whose name contains PART, and write nothing
  --set SET     collect another set: blind or held-out, test/golden/SET/LANGUAGE.jsonl
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: "boolean" },
    only: { type: "string" },
    set: { type: "string", default: "golden" },
  },
});
if (values.help) {
  process.stdout.write(HELP);
} else {
  const chosen = positionals.length > 0 ? positionals : Object.keys(LANGUAGES);
  const peers = await startPeers();
  try {
    for (const language of chosen) await collect(language, peers.env);
  } finally {
    peers.stop();
  }
}

/** @param {string} language @param {Record<string, string>} ports by GOLDEN_NAME */
async function collect(language, ports) {
  const { setUp, run, version } = LANGUAGES[language];
  const cwd = join(import.meta.dirname, language);
  for (const [command, ...args] of setUp) {
    const { status } = spawnSync(command, args, { cwd, stdio: "inherit" });
    if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}`);
  }
  const runtime = String(spawnSync(version[0], version.slice(1), { cwd }).stdout).trim();
  const [command, ...args] = run;
  const chosen = { GOLDEN_ONLY: values.only ?? "", GOLDEN_SET: values.set };
  const env = { ...process.env, ...ports, ...chosen };
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
  const chunks = [];
  child.stdout.on("data", (chunk) => chunks.push(chunk));
  const [status] = await once(child, "close");
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}`);

  const lines = String(Buffer.concat(chunks)).split("\n");
  const failures = lines
    .filter((line) => line.startsWith('{"name"'))
    .map((line) => normalise(JSON.parse(line), Object.values(ports), cwd))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  report(language, runtime, failures);
}

function report(language, runtime, failures) {
  if (values.only !== undefined) {
    process.stdout.write(`${JSON.stringify(goldenSet(runtime, failures), null, 2)}\n`);
    return;
  }
  const { folder, ending, text } =
    values.set === "golden" ? pretty(runtime, failures) : oneALine(failures);
  const dir = join(import.meta.dirname, "..", folder);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, `${language}.${ending}`), `${text}\n`);
  process.stdout.write(`${language}: ${failures.length} failures\n`);
}

function pretty(runtime, failures) {
  const text = JSON.stringify(goldenSet(runtime, failures), null, 2);
  return { folder: "failures", ending: "json", text };
}

function oneALine(failures) {
  const text = failures.map((failure) => JSON.stringify(failure)).join("\n");
  return { folder: values.set, ending: "jsonl", text };
}
