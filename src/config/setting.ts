import type { ConfigError } from "./config-error.ts";
import { HIDDEN } from "./secret.ts";
import type { Source } from "./source.ts";
import type { PlainValue, RawValue, ValueType } from "./value-type.ts";

/** Headings of help and docs, in order. */
export const GROUPS = [
  "Configuration",
  "Listening",
  "Redis",
  "Storage",
  "Events (NATS)",
  "Delivery and shutdown",
  "Logs and metrics",
  "Queues",
] as const;

export type Group = (typeof GROUPS)[number];

/** One setting: the data for flags, environment, YAML, help and docs. */
export interface Setting<T = unknown> {
  /** In kebab case. Flag, variable and YAML key are derived from it. */
  readonly name: string;
  readonly group: Group;
  readonly type: ValueType<T>;
  /** The default; undefined: not set. */
  readonly fallback: T | undefined;
  /** Text for a computed default, or for the meaning of an unset value. */
  readonly fallbackText?: string;
  /** Never printed, neither in configuration nor in errors. */
  readonly secret?: boolean;
  /** Not allowed in the YAML file. */
  readonly notInFile?: boolean;
  /** In YAML, queue settings are below `defaults:` and `queues: <name>:`. */
  readonly perQueue?: boolean;
  /** Full sentences: effect, unit, meaning of 0. */
  readonly doc: string;
  readonly example: string;
}

export type SettingWithDefault<T> = Setting<T> & { readonly fallback: T };
export type OptionalSetting<T> = Setting<T> & { readonly fallback: undefined };

export function setting<T>(
  spec: Omit<Setting<T>, "fallback"> & { fallback: NoInfer<T> },
): SettingWithDefault<T> {
  return spec;
}

export function optional<T>(spec: Omit<Setting<T>, "fallback">): OptionalSetting<T> {
  return { ...spec, fallback: undefined };
}

/** The values of a table of settings, typed. */
export type ValuesOf<Table> = {
  readonly [K in keyof Table]: Table[K] extends SettingWithDefault<infer T>
    ? T
    : Table[K] extends OptionalSetting<infer T>
      ? T | undefined
      : never;
};

export function flagOf(setting: Setting): string {
  return `--${setting.name}`;
}

export function variableOf(setting: Setting): string {
  return `DLQ_${setting.name.toUpperCase().replaceAll("-", "_")}`;
}

export function yamlKeyOf(setting: Setting): string {
  return setting.name.replaceAll("-", "_");
}

/** A given value and its source. */
export interface Given {
  readonly raw: RawValue;
  readonly source: Source;
}

/** Parses a given value. On an error, adds it to `errors` and returns undefined. */
export function parseGiven<T>(
  setting: Setting<T>,
  given: Given,
  label: string,
  errors: ConfigError[],
): T | undefined {
  const parsed = setting.type.parse(given.raw);
  if ("ok" in parsed) return parsed.ok;
  errors.push({
    setting: label,
    source: given.source,
    ...(setting.secret === true ? {} : { value: given.raw }),
    problem: setting.secret === true ? `the value ${parsed.problem}` : parsed.problem,
    allowed: setting.type.allowed,
  });
  return undefined;
}

/** Returns the value for printing, with secrets hidden. An empty list of secrets is printed. */
export function printable<T>(setting: Setting<T>, value: T): PlainValue {
  const plain = setting.type.format(value);
  if (setting.secret !== true) return plain;
  if (setting.type.hide !== undefined) return setting.type.hide(value);
  return typeof plain === "object" ? plain.map(() => HIDDEN) : HIDDEN;
}

/** Describes the default. */
export function describeFallback<T>(setting: Setting<T>): string {
  if (setting.fallbackText !== undefined) return setting.fallbackText;
  if (setting.fallback === undefined) return "not set";
  return String(setting.type.format(setting.fallback));
}
