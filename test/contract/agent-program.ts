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
  /** Parts of the contract that the client does not have yet: shown in the table. */
  readonly lacks: readonly string[];
  /** Whether what runs is there; undefined: nothing of it is built. */
  readonly isBuilt?: boolean;
  /** Builds it, once, unless `npm test` has done so; rejects with what went wrong. */
  ready(): Promise<void>;
}

/** `agent.json`. In texts, `{root}`, `{runtime}`, `{node}`, `{python}` and `{go}` stand for paths, `{unique}` for a word. */
interface AgentFile {
  readonly command: readonly string[];
  /** What the setup makes: without it, nothing runs. */
  readonly built?: string;
  /** Run before the command, in the same folder; each must exit with 0. */
  readonly setup?: readonly (readonly string[])[];
  readonly env?: Readonly<Record<string, string>>;
  readonly lacks?: readonly string[];
  /** What is other where speed counts: built and run as a user would in production. */
  readonly bench?: Pick<AgentFile, "command" | "built" | "setup">;
}

const ROOT = resolve(import.meta.dirname, "../..");
const AGENTS = join(import.meta.dirname, "agents");
/** What is built under a name of its own and then renamed is whole for whoever starts it meanwhile. */
const UNIQUE = randomUUID();
const SETUP_MS = 580_000;

/**
 * By name, without those of languages that this machine has no tools for.
 * @param form tests need a program soon, the bench one that is fast
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
