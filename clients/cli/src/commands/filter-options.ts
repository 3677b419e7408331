import type { Command } from "commander";
import { Option } from "commander";
import { listOption } from "../command.ts";
import { QUARANTINE_REASONS, REASONS, STATES } from "../values/enum-names.ts";

/** For commands that show or search content. */
export const showRedactedOption = () =>
  new Option("--show-redacted", "also what queues hide; the server logs who asks");

/** Adds the options that select messages; {@link filterOf} reads them. */
export function addFilterOptions(command: Command): void {
  const group = "Which messages (all conditions must hold; lists mean any of their values):";
  const lower = (names: readonly string[]) => names.map((name) => name.toLowerCase()).join(", ");
  const options = [
    new Option("-s, --state <states>", lower(STATES)).argParser(listOption),
    new Option("-r, --reason <reasons>", `of the latest failure: ${lower(REASONS)}`).argParser(
      listOption,
    ),
    new Option("--quarantine-reason <reasons>", lower(QUARANTINE_REASONS)).argParser(listOption),
    new Option("--since <duration>", "entered its state within this time: 1h, 30m, 7d"),
    new Option("--before <duration>", "has been in its state for longer than this"),
    new Option(
      "--group <id>",
      "group of its latest failure: six or more digits of its id, see `dlq groups`",
    ),
    new Option("--type <type>", "type of the latest failure, such as ValidationError"),
    new Option("--text <text>", "text in the payload; case counts; reads all contents"),
    new Option(
      "-f, --filter <expression>",
      "CEL expression, such as 'attempts > 3'; see docs/reference/filters.md",
    ),
  ];
  for (const option of options) command.addOption(option.helpGroup(group));
}
