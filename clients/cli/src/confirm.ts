import { usageError } from "./errors.ts";
import type { Run } from "./run.ts";
import { isConfirmed } from "./values/stdin.ts";

/** What a command is about to do, for the person who decides. Stored texts in it must be escaped. */
export interface Decision {
  /** What it acts on, with the count: `orders holds 12 messages`. */
  readonly what: string;
  /** Some of what is destroyed, one a line. Absent: nothing is destroyed. */
  readonly sample?: readonly string[];
  /** `Delete them?` */
  readonly question: string;
  /** What --yes does, as in `give --yes to delete them`. */
  readonly purpose: string;
  /** How it ends without a yes: `nothing was deleted`. */
  readonly refusal: string;
  /** Whether --yes is given: then nobody is asked. */
  readonly yes: boolean | undefined;
}

/**
 * Shows on stderr what a command is about to destroy, and asks on a terminal. Reports whether to go on.
 *
 * @throws {CliError} if nobody can be asked and `yes` is not given; or after Ctrl-C
 */
export async function confirm(run: Run, decision: Decision): Promise<boolean> {
  const { what, sample, question, purpose, refusal, yes } = decision;
  const { print, io } = run;
  const isTerminal = io.stdin.isTTY === true && io.stderr.isTTY === true;
  const isAsked = yes !== true && isTerminal;
  if (sample !== undefined) print.notes([yes === true || isAsked ? `${what}.` : "", ...sample]);
  if (yes === true) return true;
  if (!isAsked) throw usageError(`${what}; ${refusal}`, `give --yes to ${purpose}`);
  try {
    const asked = sample === undefined ? `${what}. ${question}` : question;
    if (await isConfirmed(run, asked)) return true;
  } catch (error) {
    if (run.signal.aborted) print.note(`\n${refusalNote(refusal)}`); // behind the question
    throw error;
  }
  print.note(refusalNote(refusal));
  return false;
}

/** Returns a refusal as a sentence: `Nothing was deleted.` */
export function refusalNote(refusal: string): string {
  return `${refusal.charAt(0).toUpperCase()}${refusal.slice(1)}.`;
}
