import {
  type DescField,
  fromJson,
  isFieldSet,
  type JsonObject,
  type JsonValue,
  type Message,
  ScalarType,
} from "@bufbuild/protobuf";
import type { GenEnum } from "@bufbuild/protobuf/codegenv2";
import { type QueueConfig, QueueConfigSchema } from "../../../../gen/dlq/v1/queue_pb.ts";
import { listOption } from "../command.ts";
import { usageError } from "../errors.ts";
import { parseDuration } from "../values/duration.ts";
import { parseName } from "../values/enum-names.ts";
import { parseInstant } from "../values/instant.ts";
import { nearestName } from "../values/nearest.ts";

/** A setting of queues: a field of QueueConfig, such as `ttl`, or a part of one, such as `breaker.window`. */
export interface SettingField {
  /** As in a field mask. */
  readonly path: string;
  /** The field of QueueConfig. */
  readonly outer: DescField;
  /** The field that has the value: `outer`, or a part of it. */
  readonly field: DescField;
  /** Paths of its parts. Empty: it is one value. */
  readonly parts: readonly string[];
}

/** All of them, by path. */
export const SETTING_FIELDS: ReadonlyMap<string, SettingField> = new Map(
  QueueConfigSchema.fields.flatMap((outer) => {
    const parts = partsOf(outer).map((field) => ({
      ...{ path: `${outer.name}.${field.name}`, outer, field, parts: [] },
    }));
    const paths = parts.map(({ path }) => path);
    const whole = { path: outer.name, outer, field: outer, parts: paths };
    return [whole, ...parts].map((one) => [one.path, one] as const);
  }),
);

function partsOf(field: DescField): readonly DescField[] {
  const isOwn = field.fieldKind === "message" && field.message.typeName.startsWith("dlq.");
  return isOwn ? field.message.fields : [];
}

/** What to change of the own settings of a queue. */
export interface SettingChange {
  readonly config: QueueConfig;
  /** Paths of the fields to set or to clear. */
  readonly paths: readonly string[];
}

/**
 * Reads what to set, such as `ttl=7d`, and the fields to clear.
 *
 * @throws {CliError} for an unknown field, a wrong value, and a field that is named twice
 */
export function settingChange(
  assignments: readonly string[],
  cleared: readonly string[],
): SettingChange {
  const json: Record<string, JsonObject | JsonValue> = {};
  const paths: string[] = [];
  for (const assignment of assignments) {
    const [path = "", value] = assignment.split(/=(.*)/s);
    if (value === undefined) throw usageError(`--set is "${assignment}"; write FIELD=VALUE`);
    const { outer, field } = fieldOf(path);
    const parsed = jsonOf(field, value, path);
    if (field === outer) json[outer.jsonName] = parsed;
    else
      json[outer.jsonName] = { ...(json[outer.jsonName] as JsonObject), [field.jsonName]: parsed };
    paths.push(path);
  }
  for (const path of cleared) paths.push(fieldOf(path).path);
  refuseOverlap(paths);
  return { config: parsed(json), paths };
}

function fieldOf(path: string): SettingField {
  const found = SETTING_FIELDS.get(path);
  if (found !== undefined) return found;
  const nearest = nearestName(path, [...SETTING_FIELDS.keys()]);
  throw usageError(
    `"${path}" is no setting of queues`,
    nearest === undefined ? "see --help" : `did you mean ${nearest}?`,
  );
}

/** @throws {CliError} if a field is set and cleared, or a field and a part of it are named */
function refuseOverlap(paths: readonly string[]): void {
  const seen = new Set<string>();
  for (const path of paths.toSorted()) {
    const [outer = ""] = path.split(".");
    if (seen.has(path) || (outer !== path && seen.has(outer)))
      throw usageError(`${outer} is named twice`, "name a field, or parts of it, once");
    seen.add(path);
  }
}

function parsed(json: JsonObject): QueueConfig {
  try {
    return fromJson(QueueConfigSchema, json);
  } catch (error) {
    throw usageError(`a setting is wrong: ${error instanceof Error ? error.message : error}`);
  }
}

/** Returns a value in the JSON of protobuf. @throws {CliError} for a text that is no such value */
function jsonOf(field: DescField, text: string, path: string): JsonValue {
  switch (field.fieldKind) {
    case "scalar":
      return scalarOf(field.scalar, text, path);
    case "enum":
      return parseName(field.enum as GenEnum<number>, text);
    case "list": {
      if (field.listKind === "message" || text.trimStart().startsWith("["))
        return parsedJson(text, path);
      const names = listOption(text, undefined);
      if (field.listKind !== "enum") return names;
      return names.map((name) => parseName(field.enum as GenEnum<number>, name));
    }
    case "map":
      return parsedJson(text, path);
    case "message":
      if (field.message.typeName === "google.protobuf.Duration")
        return `${parseDuration(text) / 1_000}s`;
      if (field.message.typeName !== "google.protobuf.Timestamp") return parsedJson(text, path);
      return timeOf(text, path);
  }
}

function scalarOf(type: ScalarType, text: string, path: string): JsonValue {
  if (type === ScalarType.STRING) return text;
  if (type === ScalarType.BOOL) {
    if (text === "true" || text === "false") return text === "true";
    throw usageError(`${path} is "${text}"; use true or false`);
  }
  if (type === ScalarType.DOUBLE ? /^\d+(\.\d+)?$/.test(text) : /^\d+$/.test(text)) return text;
  throw usageError(`${path} is "${text}"; write a number`);
}

function timeOf(text: string, path: string): string {
  const atMs = parseInstant(text);
  if (atMs !== undefined) return new Date(atMs).toISOString();
  throw usageError(`${path} is "${text}"; write a time such as 2026-01-31T18:00:00Z`);
}

function parsedJson(text: string, path: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw usageError(`${path} is not JSON: ${text}`, `write it as '${path}={"name": "value"}'`);
  }
}

/** Returns the value of a field; undefined: it is not set. */
export function valueAt(config: QueueConfig | undefined, { outer, field }: SettingField): unknown {
  if (config === undefined || !isFieldSet(config, outer)) return undefined;
  const value = (config as unknown as Record<string, unknown>)[outer.localName];
  if (field === outer) return value;
  const message = value as Message;
  if (!isFieldSet(message as never, field)) return undefined;
  return (message as unknown as Record<string, unknown>)[field.localName];
}
