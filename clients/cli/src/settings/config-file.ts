import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { usageError } from "../errors.ts";
import type { Io } from "../io.ts";

/** How to reach one deployment. */
export interface Context {
  readonly target?: string;
  readonly token?: string;
  /** A file with the token. */
  readonly tokenFile?: string;
  /** A PEM file with the certificate of the server's authority. */
  readonly tlsCa?: string;
}

/** The content of the config file. */
export interface ConfigFile {
  /** The context in force. */
  readonly current?: string;
  readonly contexts: Readonly<Record<string, Context>>;
}

const FIELDS: readonly string[] = [
  "target",
  "token",
  "tokenFile",
  "tlsCa",
] satisfies (keyof Context)[];

/** Returns `$XDG_CONFIG_HOME/dlq/config.json`, by default below `~/.config`. */
export function configPath({ env, homeFolder }: Pick<Io, "env" | "homeFolder">): string {
  const given = env.XDG_CONFIG_HOME ?? "";
  // The specification: relative paths are ignored.
  const folder = given.startsWith("/") ? given : join(homeFolder, ".config");
  return join(folder, "dlq", "config.json");
}

/** @throws {CliError} if the file cannot be read or has a wrong content. A missing file is empty. */
export function readConfig(path: string): ConfigFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      return { contexts: {} };
    throw usageError(`cannot read ${path}: ${error instanceof Error ? error.message : error}`);
  }
  try {
    return checked(JSON.parse(text));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usageError(
      `${path} is invalid: ${why}`,
      "correct the file, or remove it and run `dlq context set`",
    );
  }
}

/** Writes the file so that only its owner can read it: it may have tokens. */
export function writeConfig(path: string, config: ConfigFile): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // Another user cannot know the name, and `wx` follows no link.
  const next = `${path}.${randomUUID()}`;
  writeFileSync(next, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600, flag: "wx" });
  renameSync(next, path);
}

const GROUP_AND_OTHERS = 0o077;

/** Reports whether the file has tokens, and other users have rights on it. */
export function isExposed(path: string, { contexts }: ConfigFile): boolean {
  if (process.platform === "win32") return false; // no modes
  if (Object.values(contexts).every(({ token }) => token === undefined)) return false;
  return (statSync(path).mode & GROUP_AND_OTHERS) !== 0;
}

function checked(value: unknown): ConfigFile {
  const { current, contexts = {}, ...others } = recordOf(value, "the file");
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw new Error(`"${unknown}" is unknown; there are current and contexts`);
  if (current !== undefined && typeof current !== "string") throw new Error("current is no text");
  const checkedContexts = Object.entries(recordOf(contexts, "contexts")).map(
    ([name, context]) => [name, contextOf(name, context)] as const,
  );
  return {
    ...(current === undefined ? {} : { current }),
    contexts: Object.fromEntries(checkedContexts),
  };
}

function contextOf(name: string, value: unknown): Context {
  const context = recordOf(value, `context "${name}"`);
  for (const [field, text] of Object.entries(context)) {
    if (!FIELDS.includes(field)) {
      throw new Error(
        `context "${name}" has the unknown field "${field}"; there are ${FIELDS.join(", ")}`,
      );
    }
    if (typeof text !== "string") throw new Error(`${field} of context "${name}" is no text`);
  }
  return context;
}

function recordOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return { ...value };
  }
  throw new Error(`${what} is no JSON object`);
}
