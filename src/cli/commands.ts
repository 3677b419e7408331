/** A switch of a command that is not a setting. */
export interface CommandSwitch {
  readonly flag: string;
  readonly doc: string;
}

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Paragraphs of the command's help. */
  readonly details: readonly string[];
  readonly switches: readonly CommandSwitch[];
  /** What the command line has after the name. */
  readonly argument?: string;
  /** Whether it accepts the flags of settings. */
  readonly takesSettings: boolean;
  /** Flags that its help shows. Absent: all. */
  readonly shownFlags?: readonly string[];
  readonly examples: readonly { readonly line: string; readonly about: string }[];
}

export type CommandName =
  | "serve"
  | "config"
  | "outbox"
  | "backup"
  | "restore"
  | "token"
  | "help"
  | "version";

/** The table from which help is printed. */
export const COMMANDS: Readonly<Record<CommandName, Command>> = {
  serve: {
    name: "serve",
    summary: "Run the server. This is the default command.",
    details: [
      "Runs until SIGINT or SIGTERM, then drains: streams end, outcomes are accepted for drain-grace, and the process exits with 0.",
      "Without redis-url and redis-sentinels it runs an embedded Redis with its data in data-dir.",
    ],
    switches: [],
    takesSettings: true,
    examples: [
      { line: "dlq-server", about: "on this machine only, with an embedded Redis" },
      {
        line: "dlq-server serve --redis-url redis://redis:6379/0",
        about: "with an existing Redis",
      },
      {
        line: "DLQ_TOKENS=… dlq-server --listen-grpc 0.0.0.0:50051 --tls-cert tls.crt --tls-key tls.key",
        about: "on a real network",
      },
      {
        line: "dlq-server --config dlq.yaml --log-level debug",
        about: "with settings of queues from a file",
      },
    ],
  },
  config: {
    name: "config",
    summary: "Print the configuration in force and the source of each value.",
    details: [
      "Reads and checks the same flags, environment and file as serve, but starts nothing. The output is YAML that serve accepts after you fill in the hidden secrets.",
    ],
    switches: [
      { flag: "--json", doc: "Print JSON instead of YAML." },
      { flag: "--docs", doc: "Print the reference of all settings as Markdown." },
    ],
    takesSettings: true,
    examples: [
      { line: "dlq-server config --config dlq.yaml", about: "check a file before you deploy it" },
      {
        line: "dlq-server config > dlq.yaml",
        about: "create a file from the configuration in force",
      },
    ],
  },
  outbox: {
    name: "outbox",
    summary: "Show what happened to messages: dlq-server outbox tail [QUEUE].",
    details: [
      "Prints state changes, one a line: time, change, message id, queue, reason, attempts, note. Prints the last 20 and ends.",
      "It reads Redis directly and writes nothing. Run it in the container or on the machine of a server, with the same redis-* settings, and the same redact: it hides what queues redact, which are attributes and the notes of workers. For an embedded Redis, the server must run, and data-dir must be the same.",
      "Each partition keeps at most outbox-max bytes of changes: the last few thousand messages of its queues.",
    ],
    argument: "tail [QUEUE]",
    switches: [
      { flag: "--all", doc: "Begin with the oldest stored change, one partition after the other." },
      { flag: "--follow", doc: "Keep printing new changes until Ctrl-C." },
      { flag: "--json", doc: "Print one JSON object a line." },
    ],
    takesSettings: true,
    examples: [
      { line: "dlq-server outbox tail orders --follow", about: "watch what happens to messages" },
      { line: "dlq-server outbox tail --all --json > changes.jsonl", about: "export all changes" },
    ],
  },
  backup: {
    name: "backup",
    summary: "Back up the data of the embedded Redis, also while the server runs.",
    details: [
      "Copies the files of data-dir into FOLDER, which must be new or empty. The copy has every message that was stored when it began. Run it on the machine or in the container of the server, as the server's user.",
      "FOLDER has payloads and secrets of queues: it is private to its owner, and so must be its copies.",
    ],
    argument: "FOLDER",
    switches: [],
    takesSettings: true,
    shownFlags: ["--config", "--data-dir"],
    examples: [
      { line: "dlq-server backup /backups/dlq-monday", about: "of the data folder ./data" },
      { line: "dlq-server backup /backups/dlq --data-dir /var/lib/dlq", about: "of another one" },
    ],
  },
  restore: {
    name: "restore",
    summary: "Copy a backup into a new data folder.",
    details: [
      "Checks that the backup is complete and unchanged, and copies it into data-dir, which must be new or empty. Start the server with that data-dir then. Stop the old server first: two with the same messages would both deliver them.",
    ],
    argument: "FOLDER",
    switches: [],
    takesSettings: true,
    shownFlags: ["--config", "--data-dir"],
    examples: [
      {
        line: "dlq-server restore /backups/dlq-monday --data-dir /var/lib/dlq-restored",
        about: "into a new data folder",
      },
    ],
  },
  token: {
    name: "token",
    summary: "Create a bearer token for a caller.",
    details: [
      "Prints the token to stderr, and to stdout the line for the tokens file, which has only its hash. NAME is the caller's name in logs.",
      "The hash is SHA-256 in hexadecimal. To add a token that you have, compute it with sha256sum.",
      "To let a token expire, write the time after its hash in the file, such as expires=2027-01-31T00:00:00Z.",
    ],
    argument: "NAME",
    switches: [],
    takesSettings: false,
    examples: [
      {
        line: "dlq-server token orders >> /etc/dlq/tokens",
        about: "add a caller to the tokens file",
      },
    ],
  },
  help: {
    name: "help",
    summary: "Explain a command: dlq-server help COMMAND.",
    details: [],
    argument: "[COMMAND]",
    switches: [],
    takesSettings: false,
    examples: [{ line: "dlq-server help serve", about: "show all flags of the server" }],
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

/** Commands of the operator's program (clients/cli), for those who take this program for it. `help` is in both. */
export const OPERATOR_COMMANDS: ReadonlySet<string> = new Set([
  ...["queues", "groups", "group", "ls", "show", "count", "explain", "workers", "stats"],
  ...["deleted", "top", "tail"],
  ...["send", "retry", "undelete", "work", "take-back", "quiet", "queue", "breakers"],
  ...["export", "import", "jobs", "move", "edit", "quarantine", "discard", "purge"],
  ...["rules", "policy", "doctor", "context", "completion"],
]);
