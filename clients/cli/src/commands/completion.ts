import { Argument, type Command } from "commander";
import { examplesText, type WithRun } from "../command.ts";
import { SHELLS, scriptOf } from "../completion/scripts.ts";
import { type Line, readLine, suggest } from "../completion/suggest.ts";
import type { Io } from "../io.ts";
import { readStats } from "../reads/stats.ts";
import type { Run } from "../run.ts";
import { configPath, readConfig } from "../settings/config-file.ts";
import { isOwnTarget } from "../settings/connection.ts";

/** Nobody waits longer for a completion. */
const TIMEOUT = "2s";

/** Adds `completion`, and the hidden command that the scripts of shells call. */
export function addCompletion(program: Command, io: Io, withRun: WithRun): void {
  program
    .command("completion")
    .summary("Print a script that completes commands, options and queues in a shell")
    .description("Prints a script that completes commands, options and names of queues in a shell.")
    .addArgument(new Argument("<shell>").choices([...SHELLS]))
    .addHelpText(
      "after",
      examplesText([
        ["source <(dlq completion bash)", "bash: add this line to ~/.bashrc"],
        ["source <(dlq completion zsh)", "zsh: add this line to ~/.zshrc, after compinit"],
        ["dlq completion fish > ~/.config/fish/completions/dlq.fish", "fish: once"],
      ]),
    )
    .action((name: string) => {
      const shell = SHELLS.find((one) => one === name);
      if (shell !== undefined) io.stdout.write(scriptOf(shell));
    });
  program
    .command("complete", { hidden: true })
    .argument("[words...]")
    .action(async (words: string[]) => {
      const line = readLine(program, words.slice(0, -1));
      const suggestions = await suggest(line, words.at(-1) ?? "", (name, of) =>
        valuesOf(name, of, io, withRun),
      );
      for (const { value, what } of suggestions) io.stdout.write(`${value}\t${what}\n`);
    });
}

/** Names of arguments and options that are queues. */
const QUEUES: readonly string[] = ["queue", "queues", "queue-or-id", "queue-or-ids", "to"];

async function valuesOf(
  name: string,
  line: Line,
  io: Io,
  withRun: WithRun,
): Promise<readonly string[]> {
  const command = line.command.name();
  if (name === "context" || (name === "name" && ["use", "remove"].includes(command)))
    return contextNames(io).filter(isPlain);
  const read = QUEUES.includes(name)
    ? queueNames
    : name === "group" || (name === "id" && command === "group")
      ? groupIds
      : name === "session"
        ? sessionIds
        : name === "job"
          ? jobIds
          : undefined;
  if (read === undefined) return [];
  return (await fromServer(line, io, withRun, read)).filter(isPlain);
}

/** Reports whether a shell takes the name as it is. Others are left out: a server could send `$(rm -r ~)`. */
function isPlain(name: string): boolean {
  return /^[\w.@/+:][\w.@/+:-]*$/.test(name);
}

function contextNames(io: Io): string[] {
  try {
    return Object.keys(readConfig(configPath(io)).contexts);
  } catch {
    return []; // the next command says what is wrong with the file
  }
}

/** Returns no names if the server does not answer in time. */
async function fromServer(
  { given }: Line,
  io: Io,
  withRun: WithRun,
  read: (run: Run) => Promise<string[]>,
): Promise<string[]> {
  const names: string[] = [];
  try {
    const { tokenFile, ...others } = given;
    const options = isOwnTarget(given, io) ? given : { ...others, token: "" };
    await withRun({ ...options, output: "table", timeout: TIMEOUT }, async (run) => {
      names.push(...(await read(run)));
      return undefined;
    });
  } catch {
    // a completion cannot report it
  }
  return names;
}

async function queueNames(run: Run): Promise<string[]> {
  const { queues } = await readStats(run);
  return queues.map(({ queue }) => queue);
}

/** Of a list to choose from. */
const MOST_GROUPS = 50;
const DIGITS = 8;
/** Queues whose workers are read. */
const MOST_QUEUES = 20;

async function groupIds(run: Run): Promise<string[]> {
  const { groups } = await run.admin.listGroups({ pageSize: MOST_GROUPS }, run.call);
  return groups.map(({ id }) => id.slice(0, DIGITS));
}

async function jobIds(run: Run): Promise<string[]> {
  const { jobs } = await run.admin.listBatchJobs({}, run.call);
  return jobs.map(({ id }) => id);
}

async function sessionIds(run: Run): Promise<string[]> {
  const { queues } = await readStats(run);
  const withWorkers = queues.filter(
    ({ workers, quietWorkers, inFlight }) => workers + quietWorkers > 0 || inFlight > 0n,
  );
  const answers = await Promise.all(
    withWorkers
      .slice(0, MOST_QUEUES)
      .map(({ queue }) => run.admin.listWorkers({ queue }, run.call)),
  );
  return [...new Set(answers.flatMap(({ workers }) => workers.map(({ sessionId }) => sessionId)))];
}
