import type { Command } from "commander";
import { usageError } from "../errors.ts";

/** Commands of the server's program, for which people may look here. */
const NAMES = ["serve", "config", "outbox", "token"] as const;

/** Adds hidden commands that name the program to use. */
export function addServerCommands(program: Command): void {
  for (const name of NAMES) {
    program
      .command(name, { hidden: true })
      .helpOption(false)
      .allowUnknownOption()
      .allowExcessArguments()
      .action(() => {
        throw usageError(
          `${name} is a command of the server's program`,
          `run \`dlq-server ${name}\` on the machine of the server`,
        );
      });
  }
}
