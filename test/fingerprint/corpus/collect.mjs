// Runs the programs of all languages and writes the fixtures of a set:
// node test/fingerprint/corpus/collect.mjs first|fresh [LANGUAGE ...]
//
// Needs Python, Go, Java with Maven, Rust, redis-server and PostgreSQL, and names of this machine in /etc/hosts:
// 127.0.0.1 bank.internal ledger.internal mail.internal files.internal cache.internal db.internal track.internal labels.internal

import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { startPeers } from "./peers.mjs";

const HERE = import.meta.dirname;
const CLIENTS = resolve(HERE, "../../../clients");
const FIXTURES = resolve(HERE, "../fixtures");

/** Neutral folders: one of a container, and one of a release, whose lines have moved. */
const CONTAINER = "/srv/app";
const RELEASE = "/home/deploy/releases/20260302";

/** What is in a set: the draws of values with their folders, and the parts of the programs. */
const SETS = {
  first: {
    folders: { 1: CONTAINER, 2: CONTAINER, 3: RELEASE },
    parts: ["charge", "orders", "store"],
  },
  fresh: { folders: { 4: CONTAINER, 5: RELEASE, 6: CONTAINER }, parts: ["shipping"] },
};

const execute = promisify(execFile);

/** Returns what a command prints. The peers answer in this process, so that it must not block. */
async function sh(command, cwd, env = {}) {
  const options = { cwd, env: { ...process.env, ...env }, encoding: "utf8", maxBuffer: 1 << 28 };
  return (await execute("bash", ["-ceu", command], options)).stdout;
}

/** By language: how to build and run the program in its folder. */
const LANGUAGES = {
  python: {
    lay: (folder) => {
      mkdirSync(join(folder, "billing"), { recursive: true });
      for (const name of ["charge", "orders", "store", "shipping", "peers"]) {
        cpSync(join(HERE, "python", `${name}.py`), join(folder, "billing", `${name}.py`));
      }
      cpSync(join(HERE, "python/main.py"), join(folder, "main.py"));
      cpSync(join(HERE, "python/requirements.txt"), join(folder, "requirements.txt"));
    },
    build: `test -d .venv || python3 -m venv .venv; .venv/bin/pip -q install --disable-pip-version-check -r requirements.txt ${CLIENTS}/python`,
    run: ".venv/bin/python main.py",
  },
  node: {
    build: "npm install --no-audit --no-fund --ignore-scripts --silent",
    run: `CLIENT=${CLIENTS}/typescript/src/failure.ts PROTOBUF=${resolve(CLIENTS, "..")}/node_modules/@bufbuild/protobuf/dist/esm/index.js SCHEMA=${resolve(CLIENTS, "..")}/gen/dlq/v1/failure_pb.ts node --no-warnings src/main.js`,
  },
  go: {
    lay: (folder) => {
      copy("go", folder);
      rmSync(join(folder, "../go-client"), { recursive: true, force: true });
      cpSync(join(CLIENTS, "go"), join(folder, "../go-client"), { recursive: true });
    },
    build: "go build -o billing .",
    run: "./billing",
  },
  java: {
    build: "mvn -q -B compile dependency:copy-dependencies -DoutputDirectory=target/lib",
    run: "java -cp 'target/classes:target/lib/*' com.example.billing.Main",
  },
  rust: {
    lay: (folder) => {
      copy("rust", folder);
      rmSync(join(folder, "../client"), { recursive: true, force: true });
      cpSync(join(CLIENTS, "rust"), join(folder, "../client"), { recursive: true });
    },
    // The releases share what is built of the libraries.
    build: "CARGO_TARGET_DIR=/srv/app/rust/target cargo build --quiet",
    run: "/srv/app/rust/target/debug/billing",
  },
};

const copy = (language, folder) => cpSync(join(HERE, language), folder, { recursive: true });

/** A later release: each line of the program moves. */
function moveLines(folder) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const isSource = entry.isFile() && /\.(?:py|js|go|java|rs)$/.test(entry.name);
    if (!isSource || /node_modules|\.venv|target|client/.test(entry.parentPath)) continue;
    const file = join(entry.parentPath, entry.name);
    writeFileSync(
      file,
      `\n\n\n${readFileSync(file, "utf8")}`.replace(/^\n\n\n(\/\/!.*\n)/, "$1\n\n\n"),
    );
  }
}

/** Where a machine has its runtimes and caches. */
function withoutMachine(text) {
  const home = process.env.HOME;
  return text
    .replaceAll(/[^\s"'(]*\/versions\/3\.[\d.]+\/lib\//g, "/usr/local/lib/")
    .replaceAll(`${home}/.cargo/`, "/usr/local/cargo/")
    .replaceAll(`${home}/.rustup/`, "/usr/local/rustup/")
    .replaceAll(/[^\s"'(]*\/pkg\/mod\//g, "/go/pkg/mod/");
}

async function collect(language, draw, peers) {
  const { lay, build, run } = LANGUAGES[language];
  const root = set.folders[draw];
  const folder = join(root, language);
  (lay ?? ((to) => copy(language, to)))(folder);
  if (root === RELEASE) moveLines(folder);
  cpSync(join(HERE, "draws.json"), join(folder, "draws.json"));
  await sh(build, folder);
  const backtrace = root === RELEASE ? "1" : "0";
  const output = await sh(run, folder, {
    ...peers,
    DRAW: draw,
    RUST_BACKTRACE: language === "rust" ? backtrace : "0",
  });
  return withoutMachine(output)
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .filter(({ case: name }) => set.parts.includes(name.split("/")[0]))
    .map(({ case: name, failure }) => {
      return { id: `${language}/${name}/${draw}`, ...failure };
    });
}

const [name = "", ...given] = process.argv.slice(2);
const set = SETS[name];
if (set === undefined) throw new Error("name a set: first or fresh");
const languages = given.length > 0 ? given : Object.keys(LANGUAGES);
const found = Object.fromEntries(languages.map((language) => [language, []]));
for (const draw of Object.keys(set.folders)) {
  const { env, stop } = await startPeers();
  try {
    for (const language of languages) {
      await sh(
        `psql -q -h 127.0.0.1 -p ${env.PORT_POSTGRES} -U app -d postgres -f schema.sql 2>/dev/null`,
        HERE,
      );
      found[language].push(...(await collect(language, draw, env)));
    }
  } finally {
    stop();
  }
}
const folder = join(FIXTURES, name);
mkdirSync(folder, { recursive: true });
for (const [language, failures] of Object.entries(found)) {
  const lines = failures.map((failure) => `${JSON.stringify(failure)}\n`);
  writeFileSync(join(folder, `${language}.jsonl`), lines.join(""));
  process.stdout.write(`${language}: ${failures.length}\n`);
}
