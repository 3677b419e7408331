import {
  discard,
  fail,
  type Outcome,
  quarantine,
  release,
  succeed,
} from "../../../typescript/src/index.ts";

/** Exit codes of a command that mean something else than a failed attempt. 65 and 75 are those of sysexits.h. */
export const HANDLER_EXITS: readonly {
  readonly code: number;
  readonly what: string;
  readonly outcome: (note: string) => Outcome;
}[] = [
  { code: 0, what: "done: the message is removed", outcome: () => succeed() },
  { code: 65, what: "quarantine it (EX_DATAERR)", outcome: quarantine },
  {
    code: 75,
    what: "release it: it comes again, and no attempt is counted (EX_TEMPFAIL)",
    outcome: () => release(),
  },
  { code: 99, what: "discard it: it is removed without success", outcome: discard },
];

/** The failure of a command, without a stack of this program. */
class CommandError extends Error {
  override readonly name = "CommandError";

  constructor(message: string) {
    super(message);
    this.stack = "";
  }
}

/**
 * Returns the outcome of a command that ended.
 *
 * @param code null: it was killed by `signal`
 * @param lastLines of stderr
 */
export function outcomeOfExit(
  code: number | null,
  signal: string | null,
  lastLines: string,
): Outcome {
  const known = HANDLER_EXITS.find((exit) => exit.code === code);
  if (known !== undefined) return known.outcome(lastLines);
  const how = code === null ? `killed by ${signal}` : `exit code ${code}`;
  return fail(new CommandError(lastLines === "" ? how : `${how}: ${lastLines}`));
}
