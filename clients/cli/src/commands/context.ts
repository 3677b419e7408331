import { resolve } from "node:path";
import type { Command } from "commander";
import { addCommand, type WithRun } from "../command.ts";
import { usageError } from "../errors.ts";
import type { Column } from "../output/table.ts";
import type { CommonOptions, Run } from "../run.ts";
import {
  type ConfigFile,
  type Context,
  configPath,
  readConfig,
  writeConfig,
} from "../settings/config-file.ts";
import { contextName, DEFAULT_TARGET } from "../settings/connection.ts";

interface Row {
  readonly name: string;
  readonly isInForce: boolean;
  readonly context: Context;
}

/** Adds `context`: named addresses in the config file. */
export function addContext(program: Command, withRun: WithRun): void {
  const context = program
    .command("context")
    .summary("List, set, switch and remove named addresses");
  context.description(
    "Named addresses, with tokens and certificates, in $XDG_CONFIG_HOME/dlq/config.json (by default below ~/.config). Options and the environment (DLQ_TARGET, DLQ_TOKEN, DLQ_TLS_CA, DLQ_CONTEXT) are stronger.",
  );
  addCommand(context, withRun, {
    usage: "list",
    isDefault: true,
    summary: "List contexts; tokens are not shown",
    examples: [["dlq context list", "all contexts, and the one in force"]],
    run: async (run, options) => {
      list(run, options);
    },
  });
  addCommand(context, withRun, {
    usage: "use <name>",
    summary: "Switch to a context",
    examples: [["dlq context use production", "from now on"]],
    run: async ({ io, print }, _, [name = ""]) => {
      const path = configPath(io);
      const config = readConfig(path);
      if (!Object.hasOwn(config.contexts, name)) throw unknown(config, name);
      writeConfig(path, { ...config, current: name });
      print.note(`Context ${name} is in force.`);
    },
  });
  addCommand(context, withRun, {
    usage: "remove <name>",
    summary: "Remove a context, with its token",
    examples: [["dlq context remove staging", "its name is free then"]],
    run: async ({ io, print }, _, [name = ""]) => {
      const path = configPath(io);
      const config = readConfig(path);
      if (!Object.hasOwn(config.contexts, name)) throw unknown(config, name);
      const { [name]: _removed, ...contexts } = config.contexts;
      const { current } = config;
      writeConfig(
        path,
        current === undefined || current === name ? { contexts } : { current, contexts },
      );
      const was = current === name ? " It was in force; now there is none." : "";
      print.note(`Context ${name} is removed.${was}`);
    },
  });
  addCommand(context, withRun, {
    usage: "set <name>",
    summary: "Add a context, or replace it, from --target, --token or --token-file, and --tls-ca",
    examples: [
      [
        "dlq context set production --target https://dlq.example:50051 --token-file ~/.dlq-token",
        "with a token",
      ],
    ],
    run: async ({ io, print }, options, [name = ""]) => {
      const path = configPath(io);
      const config = readConfig(path);
      const contexts = { ...config.contexts, [name]: contextOf(options) };
      writeConfig(path, { current: config.current ?? name, contexts });
      print.note(`Context ${name} is set in ${path}.`);
    },
  });
}

function contextOf({ target, token, tokenFile, tlsCa }: CommonOptions): Context {
  if (target === undefined) throw usageError("--target is missing", "give HOST:PORT of the server");
  // The context is used from any folder.
  return {
    target,
    ...(token === undefined ? {} : { token }),
    ...(tokenFile === undefined ? {} : { tokenFile: resolve(tokenFile) }),
    ...(tlsCa === undefined ? {} : { tlsCa: resolve(tlsCa) }),
  };
}

function list({ io, print }: Run, options: CommonOptions): void {
  const config = readConfig(configPath(io));
  const inForce = contextName(options, io.env, config);
  const rows = Object.entries(config.contexts).map(([name, context]) => ({
    name,
    isInForce: name === inForce,
    context,
  }));
  const values = rows.map(({ name, isInForce, context: { token, ...shown } }) => ({
    ...{ name, isInForce, ...shown },
    hasToken: token !== undefined || shown.tokenFile !== undefined,
  }));
  if (print.items("contexts", values)) return;
  if (rows.length > 0) print.table(COLUMNS, rows);
  else
    print.note(
      `There are no contexts: the address is ${DEFAULT_TARGET} by default. \`dlq context set\` adds one.`,
    );
}

const COLUMNS: readonly Column<Row>[] = [
  { title: "", text: ({ isInForce }) => (isInForce ? "*" : ""), paint: (_, style) => style.good },
  { title: "CONTEXT", text: ({ name }) => name, paint: (_, style) => style.strong },
  { title: "TARGET", text: ({ context }) => context.target ?? DEFAULT_TARGET, least: 10 },
  { title: "TOKEN", text: ({ context }) => tokenText(context), least: 6 },
  { title: "TLS CA", text: ({ context }) => context.tlsCa ?? "", least: 6 },
];

function tokenText({ token, tokenFile }: Context): string {
  if (token !== undefined) return "in the config file";
  return tokenFile ?? "";
}

function unknown({ contexts }: ConfigFile, name: string) {
  const names = Object.keys(contexts);
  const there = names.length === 0 ? "there are none" : `there are ${names.join(", ")}`;
  return usageError(
    `there is no context "${name}"; ${there}`,
    "`dlq context set NAME --target HOST:PORT` adds one",
  );
}
