// `npm run release -- VERSION`: see --help.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { ARTIFACTS } from "./release/artifacts.mjs";
import { CLIENTS, changesOf, writeTree } from "./release/tree.mjs";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { ensureNode } from "./setup/node-runtime.mjs";
import { envWithFirst, ROOT, RUNTIME } from "./setup/places.mjs";
import { run, runScript, SetupError } from "./setup/step.mjs";
import { ensureToolchains, LANGUAGES } from "./setup/toolchains.mjs";
import { duration } from "./tests/times.mjs";

const HELP = `npm run release -- VERSION [--dry-run [--client NAME]]

Sets one version in all clients, builds and checks their packages, installs each in an empty project and runs the programs
of its README. Prints the commands that publish the packages; publishes nothing.

  VERSION         such as 1.2.3 or 1.2.3-rc.1
  --dry-run       leaves the files of the project as they are
  --client NAME   builds and checks only this client; repeatable: ${CLIENTS.join(", ")}
  --help          this text

Without --dry-run, the version and the sections of the changelogs are written into the files of the project, to be committed.
The packages are in .runtime/release/VERSION.
`;

await runScript(() => {
  const { values, positionals } = readArguments();
  if (values.help) return void process.stdout.write(HELP);
  const [version = ""] = positionals;
  if (positionals.length !== 1 || !/^\d+\.\d+\.\d+(-[a-z]+\.\d+)?$/.test(version)) {
    throw new SetupError(
      `VERSION is missing or invalid; give one such as 1.2.3 or 1.2.3-rc.1; see npm run release -- --help`,
    );
  }
  if (values.client !== undefined && !values["dry-run"]) {
    throw new SetupError(
      `--client needs --dry-run: a release has all clients; see npm run release -- --help`,
    );
  }
  const clients = (values.client ?? CLIENTS).map((name) => {
    const client = ARTIFACTS[name];
    if (client === undefined)
      throw new SetupError(`no client ${name}; see npm run release -- --help`);
    return { name, ...client };
  });

  if (run("git", ["status", "--porcelain"], { cwd: ROOT }) !== "") {
    throw new SetupError("The project has changes that are not committed; commit or stash them.");
  }
  const node = ensureNode();
  ensureDependencies({ dev: true, node });
  const names = clients.map(({ name }) => name);
  const missing = ensureToolchains(LANGUAGES.filter((name) => names.includes(name)));
  if (missing.length > 0) throw new SetupError("A release needs the tools of each client.");

  const changes = changesOf({ version, date: new Date().toISOString().slice(0, 10) });
  const tree = mkdtempSync(join(tmpdir(), "dlq-release-"));
  process.on("exit", () => rmSync(tree, { recursive: true, force: true }));
  writeTree(tree, changes, version);
  const out = join(RUNTIME, "release", version);
  const env = envWithFirst(node);
  for (const [at, { name, build, test }] of clients.entries()) {
    const startedAtMs = performance.now();
    process.stdout.write(`[${at + 1} of ${clients.length}] ${name}: builds and checks`);
    rmSync(join(out, name), { recursive: true, force: true });
    mkdirSync(join(out, name), { recursive: true });
    build({ tree, out: join(out, name), version, env });
    process.stdout.write(", installs and runs the README");
    run(node, [join(tree, "scripts/test.mjs"), ...test], { cwd: tree, env });
    process.stdout.write(`, ${duration(performance.now() - startedAtMs)}\n`);
  }

  process.stdout.write(`\nThe packages of ${version} are in ${relative(ROOT, out)}.\n`);
  if (values["dry-run"]) return;
  for (const [path, text] of changes) writeFileSync(join(ROOT, path), text);
  const commands = clients.map(({ name, publish }) =>
    publish(relative(ROOT, join(out, name)), version),
  );
  process.stdout.write(
    `\nNext: commit the ${changes.size} changed files, git tag v${version}, git push origin HEAD v${version}, then\n${commands
      .map((command) => `  ${command}\n`)
      .join("")}`,
  );
});

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        "dry-run": { type: "boolean" },
        client: { type: "string", multiple: true },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new SetupError(
      `${error instanceof Error ? error.message : error}; see npm run release -- --help`,
    );
  }
}
