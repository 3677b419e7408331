/** Exit codes. The README has them, so that scripts can rely on them. */
export const EXIT = {
  ok: 0,
  /** The service refused the call or failed, or a check found something. */
  failed: 1,
  /** Wrong arguments, options, filters or files. */
  usage: 2,
  /** No such message. */
  notFound: 3,
  /** No server answers at the address. */
  unreachable: 4,
  /** The token is missing, wrong or expired. */
  notPermitted: 5,
  /** Ctrl-C; results so far were printed. */
  interrupted: 130,
} as const;

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
