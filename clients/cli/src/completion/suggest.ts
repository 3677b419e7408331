import type { Command, Option } from "commander";

/** One line of `dlq complete`. */
export interface Suggestion {
  readonly value: string;
  readonly what: string;
}

/** What the words before the one to complete say. */
export interface Line {
  readonly command: Command;
  /** The option whose value comes next. */
  readonly pending: Option | undefined;
  /** Arguments of the command so far. */
  readonly argumentCount: number;
  /** Values of options so far, by their attribute names. */
  readonly given: Readonly<Record<string, string>>;
  /** After `--`: the rest belongs to another program. */
  readonly isOver: boolean;
}

/** Reads the words before the one to complete. */
export function readLine(program: Command, words: readonly string[]): Line {
  const given: Record<string, string> = {};
  let command = program;
  let pending: Option | undefined;
  let argumentCount = 0;
  for (const word of words) {
    if (word === "--") return { command, pending: undefined, argumentCount, given, isOver: true };
    if (pending !== undefined) {
      if (word === "=") continue; // Bash splits --option=value
      given[pending.attributeName()] = word;
      pending = undefined;
    } else if (word.startsWith("-")) {
      const [name = "", value] = word.split("=");
      const option = optionOf(command, program, name);
      if (option === undefined || !(option.required || option.optional)) continue;
      if (value === undefined) pending = option;
      else given[option.attributeName()] = value;
    } else {
      const below =
        argumentCount === 0
          ? command.commands.find((one) => one.name() === word || one.aliases().includes(word))
          : undefined;
      if (below === undefined) argumentCount++;
      else command = below;
    }
  }
  return { command, pending, argumentCount, given, isOver: false };
}

function optionOf(command: Command, program: Command, name: string): Option | undefined {
  return [...command.options, ...program.options].find(
    ({ short, long }) => short === name || long === name,
  );
}

/**
 * Returns what the last word may become.
 *
 * @param valuesOf the values of an option or an argument, by its name
 */
export async function suggest(
  line: Line,
  last: string,
  valuesOf: (name: string, line: Line) => Promise<readonly string[]>,
): Promise<Suggestion[]> {
  const { command, pending, argumentCount, isOver } = line;
  if (isOver) return [];
  if (pending !== undefined) {
    return inList(last === "=" ? "" : last, await valuesOfOption(pending, line, valuesOf));
  }
  const [name = "", value] = last.split(/=(.*)/s);
  const assigned = value === undefined ? undefined : optionOf(command, command, name);
  if (assigned !== undefined) {
    const values = inList(value ?? "", await valuesOfOption(assigned, line, valuesOf));
    return values.map((one) => ({ ...one, value: `${name}=${one.value}` }));
  }
  if (last.startsWith("-")) {
    const help = command.createHelp();
    const options = help
      .visibleOptions(command)
      .flatMap(({ long, description }) =>
        long == null ? [] : [{ value: long, what: oneLine(description) }],
      );
    return starting(last, options);
  }
  const visible = command.createHelp().visibleCommands(command);
  const commands = visible.map((one) => ({ value: one.name(), what: oneLine(one.summary()) }));
  const { registeredArguments } = command;
  const argument =
    registeredArguments[argumentCount] ?? registeredArguments.findLast(({ variadic }) => variadic);
  const values = argument === undefined ? [] : await valuesOf(argument.name(), line);
  const described = [...(argument?.argChoices ?? []), ...values].map((value) => ({
    value,
    what: argument?.description ?? "",
  }));
  return starting(last, [...(argumentCount === 0 ? commands : []), ...described]);
}

async function valuesOfOption(
  option: Option,
  line: Line,
  valuesOf: (name: string, line: Line) => Promise<readonly string[]>,
): Promise<Suggestion[]> {
  const values = option.argChoices ?? (await valuesOf(option.attributeName(), line));
  return values.map((value) => ({ value, what: "" }));
}

function starting(last: string, suggestions: readonly Suggestion[]): Suggestion[] {
  return suggestions.filter(({ value }) => value.startsWith(last));
}

/** Completes the last value of a list such as `timeout,net`. */
function inList(last: string, suggestions: readonly Suggestion[]): Suggestion[] {
  const before = last.slice(0, last.lastIndexOf(",") + 1);
  const whole = suggestions.map(({ value, what }) => ({ value: `${before}${value}`, what }));
  return starting(last, whole);
}

function oneLine(text: string): string {
  return text.split("\n")[0] ?? "";
}
