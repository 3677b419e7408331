/** A flag that belongs to a command and is no setting. All of them are switches. */
export interface CommandSwitch {
  readonly flag: string;
  readonly doc: string;
}

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Paragraphs for its own help. */
  readonly details: readonly string[];
  readonly switches: readonly CommandSwitch[];
  /** Whether it takes the settings' flags. */
  readonly takesSettings: boolean;
  readonly examples: readonly { readonly line: string; readonly says: string }[];
}

export type CommandName = "serve" | "config" | "help" | "version";

/** Help is made from this table, as the settings' part is from theirs. */
export const COMMANDS: Readonly<Record<CommandName, Command>> = {
  serve: {
    name: "serve",
    summary: "Run the server. The default when no command is given.",
    details: [
      "Runs until SIGINT or SIGTERM, then drains: streams end, outcomes are accepted for drain-grace, and the process exits with 0.",
      "Without redis-url and redis-sentinels it runs a Redis of its own and keeps the data in data-dir.",
    ],
    switches: [],
    takesSettings: true,
    examples: [
      { line: "dlq", says: "on this machine only, with an embedded Redis" },
      { line: "dlq serve --redis-url redis://redis:6379/0", says: "on a Redis that exists" },
      {
        line: "DLQ_TOKENS=… dlq --listen-grpc 0.0.0.0:50051 --tls-cert tls.crt --tls-key tls.key",
        says: "on a real network",
      },
      { line: "dlq --config dlq.yaml --log-level debug", says: "settings of queues from a file" },
    ],
  },
  config: {
    name: "config",
    summary: "Print what is in force and where each value came from.",
    details: [
      "Takes the same flags, environment and file as serve and checks them all, but starts nothing. The output is YAML that serve accepts; secrets are hidden and have to be filled in.",
    ],
    switches: [
      { flag: "--json", doc: "Print JSON instead of YAML." },
      { flag: "--docs", doc: "Print the reference of all settings as Markdown." },
    ],
    takesSettings: true,
    examples: [
      { line: "dlq config --config dlq.yaml", says: "check a file before it is deployed" },
      { line: "dlq config > dlq.yaml", says: "start a file from what is in force" },
    ],
  },
  help: {
    name: "help",
    summary: "Explain a command: dlq help COMMAND.",
    details: [],
    switches: [],
    takesSettings: false,
    examples: [{ line: "dlq help serve", says: "everything about the server" }],
  },
  version: {
    name: "version",
    summary: "Print the version.",
    details: [],
    switches: [],
    takesSettings: false,
    examples: [],
  },
};

export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}
