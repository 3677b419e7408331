import { type Command, Option } from "commander";
import { QUARANTINE_REASONS, REASONS, STATES } from "../values/enum-names.ts";
import { namesOption } from "../values/enum-options.ts";

/** For commands that show or search content. */
export const showRedactedOption = () =>
  new Option("--show-redacted", "also what queues hide; the server logs who asks");

export const reasonOption = () =>
  namesOption("-r, --reason <reasons>", "reason of the latest failure", REASONS);

export const quarantineReasonOption = () =>
  namesOption("--quarantine-reason <reasons>", "why it is in quarantine", QUARANTINE_REASONS);

export const groupOption = () =>
  new Option(
    "--group <id>",
    "group of its latest failure: six or more digits of its id, see `dlq groups`",
  );

/** Adds the options that select messages. @param states that the command can select */
export function addFilterOptions(command: Command, states = STATES): void {
  const group = "Which messages (all conditions must hold; lists mean any of their values):";
  const options = [
    namesOption("-s, --state <states>", "its state", states),
    reasonOption(),
    quarantineReasonOption(),
    new Option("--since <duration>", "entered its state within this time: 1h, 30m, 7d"),
    new Option("--before <duration>", "has been in its state for longer than this"),
    groupOption(),
    new Option(
      "--type <type>",
      "type of the latest failure, or its last part: ValidationError of app.ValidationError",
    ),
    new Option("--text <text>", "text in the payload; case counts; reads all contents"),
    new Option(
      "-f, --filter <expression>",
      "CEL expression, such as 'attempts > 3'; see docs/reference/filters.md",
    ),
  ];
  for (const option of options) command.addOption(option.helpGroup(group));
}
