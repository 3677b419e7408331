import type { GenEnum } from "@bufbuild/protobuf/codegenv2";
import { Option } from "commander";
import { listOption } from "../command.ts";
import { parseName, shortNames } from "./enum-names.ts";

/** An option with one value of an enum. Help and completion have the names; other cases and `-` are read, too. */
export function nameOption<Value extends number>(
  flags: string,
  description: string,
  schema: GenEnum<Value>,
): Option {
  return new Option(flags, description)
    .choices(lower(shortNames(schema)))
    .argParser((text) => parseName(schema, text));
}

/** An option with any number of names, which the command reads by {@link parseName}. */
export function namesOption(flags: string, description: string, names: readonly string[]): Option {
  return new Option(flags, description).choices(lower(names)).argParser(listOption);
}

const lower = (names: readonly string[]) => names.map((name) => name.toLowerCase());
