import type { ConfigError } from "./config-error.ts";
import { HIDDEN } from "./secret.ts";
import type { Source } from "./source.ts";
import type { PlainValue, RawValue, ValueType } from "./value-type.ts";

/** Headings of help and docs, in their order. */
export const GROUPS = [
  "Configuration",
  "Listening",
  "Redis",
  "Storage",
  "Delivery and shutdown",
  "Logs and metrics",
  "Queues",
] as const;

export type Group = (typeof GROUPS)[number];

/** One row of the table: everything that flags, environment, YAML, help and docs need to know. */
export interface Setting<T = unknown> {
  /** In kebab case. Flag, variable and YAML key follow from it: one name to remember. */
  readonly name: string;
  readonly group: Group;
  readonly type: ValueType<T>;
  /** Undefined: not set unless somebody sets it. */
  readonly fallback: T | undefined;
  /** Said instead of the default where that is computed, or where unset has a meaning. */
  readonly fallbackText?: string;
  /** Never printed, neither in what is in force nor in an error. */
  readonly secret?: boolean;
  /** Not a key of the YAML file. */
  readonly notInFile?: boolean;
  /** YAML keys of queue settings live below `defaults:` and `queues: <name>:`. */
  readonly perQueue?: boolean;
  /** Full sentences: effect, unit, what 0 means. */
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

/** The typed values of a table. */
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

/** A value that somebody gave, with where. */
export interface Given {
  readonly raw: RawValue;
  readonly source: Source;
}

/** Parses what was given for a setting; an error goes to `errors` and gives undefined. */
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

/** The value as it may be printed. An empty list of secrets hides nothing. */
export function printable<T>(setting: Setting<T>, value: T): PlainValue {
  const plain = setting.type.format(value);
  if (setting.secret !== true) return plain;
  if (setting.type.hide !== undefined) return setting.type.hide(value);
  return typeof plain === "object" ? plain.map(() => HIDDEN) : HIDDEN;
}

/** The default in words. */
export function describeFallback<T>(setting: Setting<T>): string {
  if (setting.fallbackText !== undefined) return setting.fallbackText;
  if (setting.fallback === undefined) return "not set";
  return String(setting.type.format(setting.fallback));
}
