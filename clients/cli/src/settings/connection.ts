import { readFileSync } from "node:fs";
import { usageError } from "../errors.ts";
import type { Io } from "../io.ts";
import { type ConfigFile, type Context, configPath, isExposed, readConfig } from "./config-file.ts";

/** Options of every command that calls the service. */
export interface ConnectionOptions {
  readonly target?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly tlsCa?: string;
  readonly context?: string;
}

/** How to call the service. */
export interface Connection {
  readonly target: string;
  readonly token: string | undefined;
  /** The certificate, in PEM. */
  readonly tlsCa: string | undefined;
  /** The name of the context, if the address is that of a context. */
  readonly context: string | undefined;
  /** A config file whose tokens other users can read. */
  readonly exposedFile: string | undefined;
}

export const DEFAULT_TARGET = "localhost:50051";

/**
 * Returns the settings of options, then of the environment, then of the context, then defaults.
 *
 * @throws {CliError} for an unknown context, or a file that cannot be read
 */
export function connectionOf(
  options: ConnectionOptions,
  io: Pick<Io, "env" | "homeFolder">,
): Connection {
  const { env } = io;
  const path = configPath(io);
  const config = readConfig(path);
  const name = contextName(options, env, config);
  const context = contextNamed(name, path, config);
  const target = targetOf(options, env, context);
  const token =
    options.token ??
    (options.tokenFile === undefined ? undefined : tokenIn(options.tokenFile)) ??
    given(env.DLQ_TOKEN) ??
    // For no other server than that of the context.
    (target === ownTarget(context) ? tokenOf(context) : undefined);
  const tlsCa = options.tlsCa ?? given(env.DLQ_TLS_CA) ?? context.tlsCa;
  return {
    target,
    token: given(token),
    tlsCa: tlsCa === undefined ? undefined : textOf(tlsCa, "TLS certificate"),
    context: target === ownTarget(context) ? name : undefined,
    exposedFile: isExposed(path, config) ? path : undefined,
  };
}

/**
 * Reports whether the address is the user's own: in the environment or the context, or the default. A line that is not
 * yet entered must not send a token to another one.
 *
 * @throws {CliError} as {@link connectionOf}
 */
export function isOwnTarget(
  options: ConnectionOptions,
  io: Pick<Io, "env" | "homeFolder">,
): boolean {
  if (options.target === undefined) return true;
  const path = configPath(io);
  const config = readConfig(path);
  const context = contextNamed(contextName(options, io.env, config), path, config);
  return [given(io.env.DLQ_TARGET), ownTarget(context)].includes(options.target);
}

/** Returns the name of the context in force: an option, the environment, or that of the file. */
export function contextName(
  { context }: Pick<ConnectionOptions, "context">,
  env: Io["env"],
  config: ConfigFile,
): string | undefined {
  return context ?? given(env.DLQ_CONTEXT) ?? config.current;
}

function contextNamed(name: string | undefined, path: string, config: ConfigFile): Context {
  if (name === undefined) return {};
  const context = Object.hasOwn(config.contexts, name) ? config.contexts[name] : undefined;
  if (context !== undefined) return context;
  throw usageError(
    `${path} has no context "${name}"`,
    "`dlq context list` lists them; `dlq context set NAME` adds one",
  );
}

function targetOf({ target }: ConnectionOptions, env: Io["env"], context: Context): string {
  return target ?? given(env.DLQ_TARGET) ?? ownTarget(context);
}

function ownTarget({ target }: Context): string {
  return target ?? DEFAULT_TARGET;
}

function tokenOf({ token, tokenFile }: Context): string | undefined {
  return token ?? (tokenFile === undefined ? undefined : tokenIn(tokenFile));
}

function tokenIn(file: string): string {
  return textOf(file, "token").trim();
}

function textOf(file: string, what: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw usageError(`cannot read the ${what}: ${error instanceof Error ? error.message : error}`);
  }
}

const given = (text: string | undefined) => (text === "" ? undefined : text);
