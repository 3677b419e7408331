import { type ConfigError, didYouMean } from "./config-error.ts";
import { ALL_SETTINGS, type GivenValues } from "./given-values.ts";
import { flagOf, type Given, type Setting } from "./setting.ts";
import { nearest } from "./suggest.ts";

const byFlag = new Map<string, Setting>(ALL_SETTINGS.map((s) => [flagOf(s), s]));
const isSwitch = (s: Setting): boolean => s.type.placeholder === "BOOL";

export interface GivenFlags extends GivenValues {
  /** What is neither a flag nor a flag's value, with its place in argv. */
  readonly words: readonly { readonly text: string; readonly index: number }[];
}

/**
 * Reads `--name value`, `--name=value`, `--switch` and `--no-switch`. The last of several wins,
 * so that a script can append an override.
 */
export function readFlags(argv: readonly string[]): GivenFlags {
  const values = new Map<string, Given>();
  const errors: ConfigError[] = [];
  const words: { text: string; index: number }[] = [];

  /** A value may start with one dash and a digit (a number), but never looks like a flag. */
  const isValue = (text: string | undefined): text is string =>
    text !== undefined && (!text.startsWith("-") || /^-\d/.test(text));

  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i] ?? "";
    if (!argument.startsWith("-") || argument === "-") {
      words.push({ text: argument, index: i });
      continue;
    }
    const equals = argument.indexOf("=");
    const flag = equals < 0 ? argument : argument.slice(0, equals);
    const attached = equals < 0 ? undefined : argument.slice(equals + 1);
    const negated = flag.startsWith("--no-") ? byFlag.get(`--${flag.slice(5)}`) : undefined;
    const source = { kind: "flag", flag } as const;

    if (negated !== undefined && isSwitch(negated) && attached === undefined) {
      values.set(negated.name, { raw: "false", source });
      continue;
    }
    const setting = byFlag.get(flag);
    if (setting === undefined) {
      errors.push({
        setting: flag,
        source,
        problem: "unknown flag",
        ...didYouMean(nearest(flag, byFlag.keys()), "dlq help lists them all"),
      });
      // What follows was most likely meant as its value; don't call it an unknown command too.
      if (attached === undefined && isValue(argv[i + 1])) i++;
      continue;
    }
    if (attached !== undefined) {
      values.set(setting.name, { raw: attached, source });
    } else if (isSwitch(setting)) {
      values.set(setting.name, { raw: "true", source });
    } else if (isValue(argv[i + 1])) {
      i++;
      values.set(setting.name, { raw: argv[i] ?? "", source });
    } else {
      errors.push({
        setting: flag,
        source,
        problem: "a value must follow",
        allowed: setting.type.allowed,
        hint: `for instance ${flag}=${setting.example}`,
      });
    }
  }
  return { values, errors, words };
}
