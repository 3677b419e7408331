import { CommanderError } from "commander";
import { CliError, EXIT, type ExitCode } from "./errors.ts";
import type { Io } from "./io.ts";
import { escaped } from "./output/escape.ts";
import { styleFor } from "./output/style.ts";
import { createProgram } from "./program.ts";
import { type CommonOptions, Run } from "./run.ts";

/** Runs one command line. Returns the exit code; errors are printed. */
export async function runCommandLine(io: Io): Promise<ExitCode> {
  const abort = new AbortController();
  let exitCode: ExitCode = EXIT.ok;
  const endInterrupts = io.onInterrupt(() => {
    if (abort.signal.aborted) io.exit(EXIT.interrupted); // the second Ctrl-C does not wait
    abort.abort();
  });
  const withRun = async (
    options: CommonOptions,
    work: (run: Run) => Promise<ExitCode | undefined>,
  ) => {
    const run = new Run(io, options, abort.signal);
    try {
      exitCode = (await work(run)) ?? EXIT.ok;
    } catch (error) {
      throw run.explain(error);
    } finally {
      await run.close();
    }
  };
  try {
    await createProgram(io, withRun).parseAsync([...io.argv], { from: "user" });
    return exitCode;
  } catch (error) {
    if (abort.signal.aborted) return EXIT.interrupted;
    return report(error, io);
  } finally {
    endInterrupts();
  }
}

function report(error: unknown, { stderr, env }: Io): ExitCode {
  // Commander has printed it, or the help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const style = styleFor(stderr, env);
  if (error instanceof CliError) {
    stderr.write(`${style.bad("dlq:")} ${escaped(error.message)}\n`);
    if (error.hint !== "") stderr.write(`  ${escaped(error.hint)}\n`);
    return error.exitCode;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stderr.write(`${style.bad("dlq: a defect of this program:")} ${text}\n`);
  return EXIT.failed;
}
