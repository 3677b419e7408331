/** Exit codes, so that scripts can rely on them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  unreachable: 4,
  notPermitted: 5,
  interrupted: 130,
} as const;

/** What the codes mean, in the words of the help and of the README. */
export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: "success",
  failed:
    "the service refused or failed; a job was not done; or doctor, rules test or retry found something",
  usage: "wrong arguments, options, filter or file",
  notFound: "not found: a message, group, session, queue or job",
  unreachable: "the server does not answer",
  notPermitted: "the token is missing or wrong",
  interrupted: "ended by Ctrl-C; results so far are printed",
};

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An error that the user reads: what failed and why, and in `hint` the next step. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: ExitCode;
  /** A command or an action, without a period. Empty: none. */
  readonly hint: string;

  constructor(exitCode: ExitCode, message: string, hint = "") {
    super(message);
    this.exitCode = exitCode;
    this.hint = hint;
  }
}

/** An error of the command line: exit code 2. */
export function usageError(message: string, hint = ""): CliError {
  return new CliError(EXIT.usage, message, hint);
}
