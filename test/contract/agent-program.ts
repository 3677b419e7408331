// Finds the agents: each folder of test/contract/agents with an agent.json is a language.

import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { findGo, goEnvironment } from "../support/go.ts";
import { isLeftOut } from "../support/left-out.ts";
import { findPython } from "../support/python.ts";

/** The program that plays scenarios with the client of one language. */
export interface AgentProgram {
  readonly language: string;
  /** Its folder, where commands run. */
  readonly folder: string;
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** What scenarios need and the language does not have: these are not played. */
  readonly lacks: readonly string[];
  /** Whether the program is built; undefined if it needs no build. */
  readonly isBuilt?: boolean;
  /** Builds the program once, unless `npm test` has built it. */
  ready(): Promise<void>;
}

/** `agent.json`. `{root}`, `{runtime}`, `{node}`, `{python}` and `{go}` stand for paths, `{unique}` for a unique name. */
interface AgentFile {
  readonly command: readonly string[];
  /** The file that the setup builds. */
  readonly built?: string;
  /** Commands that build it, in the same folder; each must exit with 0. */
  readonly setup?: readonly (readonly string[])[];
  readonly env?: Readonly<Record<string, string>>;
  readonly lacks?: readonly string[];
  /** What differs for the bench: built and run as in production. */
  readonly bench?: Pick<AgentFile, "command" | "built" | "setup">;
}

const ROOT = resolve(import.meta.dirname, "../..");
const AGENTS = join(import.meta.dirname, "agents");
/** A program is built under a unique name and then renamed, so that nobody starts half of it. */
const UNIQUE = randomUUID();
const SETUP_MS = 1_200_000;

/**
 * Sorted by name, without languages that this machine has no tools for.
 * @param form tests need a quick build, the bench a fast program
 */
export function findAgents(form: "test" | "bench" = "test"): readonly AgentProgram[] {
  const folders = readdirSync(AGENTS).filter((name) =>
    existsSync(join(AGENTS, name, "agent.json")),
  );
  return folders
    .filter((name) => !isLeftOut(name))
    .toSorted()
    .map((name) => programOf(name, form));
}

function programOf(language: string, form: "test" | "bench"): AgentProgram {
  const folder = join(AGENTS, language);
  const given = JSON.parse(readFileSync(join(folder, "agent.json"), "utf8")) as AgentFile;
  const file = form === "bench" ? { ...given, ...given.bench } : given;
  const own = Object.entries(file.env ?? {}).map(([name, value]) => [name, withPaths(value)]);
  const env = { ...process.env, ...Object.fromEntries(own) };
  const built = file.built === undefined ? undefined : resolve(folder, withPaths(file.built));
  const isThere = built === undefined ? undefined : existsSync(built);
  const setup = async () => {
    if (isThere && process.env.DLQ_TEST_AGENTS_BUILT !== undefined) return;
    for (const line of file.setup ?? []) {
      const [program = "", ...args] = line.map(withPaths);
      const options = { cwd: folder, env: { ...goEnvironment(), ...env }, timeout: SETUP_MS };
      await promisify(execFile)(program, args, options);
    }
  };
  let isReady: Promise<void> | undefined;
  return {
    language,
    folder,
    command: file.command.map(withPaths),
    env,
    lacks: file.lacks ?? [],
    ...(isThere === undefined ? {} : { isBuilt: isThere }),
    ready() {
      isReady ??= setup();
      return isReady;
    },
  };
}

function withPaths(text: string): string {
  return text
    .replaceAll("{root}", ROOT)
    .replaceAll("{runtime}", join(ROOT, ".runtime"))
    .replaceAll("{unique}", UNIQUE)
    .replaceAll("{node}", process.execPath)
    .replace("{go}", () => findGo())
    .replace("{python}", () => findPython());
}
