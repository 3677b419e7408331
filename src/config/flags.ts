import { type ConfigError, didYouMean } from "./config-error.ts";
import { ALL_SETTINGS, type GivenValues } from "./given-values.ts";
import { removedHint } from "./removed-settings.ts";
import { flagOf, type Given, type Setting } from "./setting.ts";
import { nearest } from "./suggest.ts";

const byFlag = new Map<string, Setting>(ALL_SETTINGS.map((s) => [flagOf(s), s]));
const isSwitch = (s: Setting): boolean => s.type.placeholder === "BOOL";

export interface GivenFlags extends GivenValues {
  /** Arguments that are neither flags nor their values, with their index in argv. */
  readonly arguments: readonly { readonly text: string; readonly index: number }[];
}

/**
 * Reads `--name value`, `--name=value`, `--switch` and `--no-switch`. Of repeated flags the last
 * wins, so that a script can append an override.
 */
export function readFlags(argv: readonly string[]): GivenFlags {
  const values = new Map<string, Given>();
  const errors: ConfigError[] = [];
  const others: { text: string; index: number }[] = [];

  /** A value may be a negative number, but otherwise never starts with a dash. */
  const isValue = (text: string | undefined): text is string =>
    text !== undefined && (!text.startsWith("-") || /^-\d/.test(text));

  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i] ?? "";
    if (!argument.startsWith("-") || argument === "-") {
      others.push({ text: argument, index: i });
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
        ...(removedHint(flag) ??
          didYouMean(nearest(flag, byFlag.keys()), "dlq-server help lists all settings")),
      });
      // The next argument is probably its value, so it is not reported as an unknown command.
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
        problem: "has no value",
        allowed: setting.type.allowed,
        hint: `for example ${flag}=${setting.example}`,
      });
    }
  }
  return { values, errors, arguments: others };
}
