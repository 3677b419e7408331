import type { PolicyOverride } from "../core/policy-override.ts";
import { REASON_NAMES, type Reason } from "../core/reason.ts";
import { LIMITS } from "../core/settings.ts";
import { EDIT_LIMITS } from "../core/transform/editable.ts";
import type { Transform } from "../core/transform/transform.ts";
import { type ConfigError, didYouMean } from "./config-error.ts";
import { QUEUE_SETTINGS, SIMPLE_QUEUE_KEYS, type SimpleQueueSettings } from "./queue-settings.ts";
import { completeTransform, TRANSFORM_SETTINGS } from "./queue-transforms.ts";
import { POLICY_SETTINGS, type PolicyDraft } from "./retry-policy.ts";
import { completeWindow, WINDOW_SETTINGS } from "./retry-windows.ts";
import { type Given, parseGiven, type Setting, yamlKeyOf } from "./setting.ts";
import type { Source } from "./source.ts";
import { nearest } from "./suggest.ts";
import type { YamlEntry, YamlTree } from "./yaml-tree.ts";

/** What one level (the deployment, or one queue) says about queues. Absent: nothing. */
export interface QueueLayer {
  readonly simple: Partial<SimpleQueueSettings>;
  /** Where each of `simple`, and `transforms`, came from, by the setting's name. */
  readonly sources: ReadonlyMap<string, Source>;
  readonly retryPolicy?: PolicyDraft;
  readonly retryPolicies: ReadonlyMap<Reason, PolicyDraft>;
  readonly transforms?: readonly Transform[];
}

type At = (line: number) => Source;

const KEYS = [
  ...Object.values<Setting>(QUEUE_SETTINGS).map(yamlKeyOf),
  "retry_policy",
  "retry_policies",
  "transforms",
];

/** A YAML value as a setting takes it; undefined for nothing and for a mapping, which is an error. */
export function givenFrom(
  entry: YamlEntry,
  label: string,
  at: At,
  errors: ConfigError[],
): Given | undefined {
  const { value } = entry;
  const source = at(entry.line);
  if (value.kind === "scalar") {
    return value.text === undefined ? undefined : { raw: value.text, source };
  }
  if (value.kind === "list") {
    const texts = value.items.map((item) =>
      item.kind === "scalar" ? (item.text ?? "") : undefined,
    );
    if (texts.every((text) => text !== undefined)) return { raw: texts, source };
  }
  errors.push({ setting: label, source, problem: "is not a plain value or a list of them" });
  return undefined;
}

/** The entries of a mapping; nothing at all is an empty one. */
export function entriesOf(
  tree: YamlTree,
  label: string,
  at: At,
  errors: ConfigError[],
): readonly YamlEntry[] {
  if (tree.kind === "mapping") return tree.entries;
  if (tree.kind === "scalar" && tree.text === undefined) return [];
  errors.push({ setting: label, source: at(tree.line), problem: "is not a mapping (key: value)" });
  return [];
}

function unknownKey(
  label: string,
  key: string,
  known: readonly string[],
  source: Source,
): ConfigError {
  return {
    setting: `${label}.${key}`,
    source,
    problem: "unknown key",
    ...didYouMean(nearest(key, known), `allowed keys: ${known.join(", ")}`),
  };
}

/** The values of a mapping whose keys are rows of a table; each is parsed by its row's type. */
function readFields(
  entries: readonly YamlEntry[],
  table: Readonly<Record<string, Setting>>,
  known: readonly string[],
  label: string,
  at: At,
  errors: ConfigError[],
): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const e of entries) {
    const path = `${label}.${e.key}`;
    const found = Object.entries(table).find(([, s]) => yamlKeyOf(s) === e.key);
    if (found === undefined) {
      errors.push(unknownKey(label, e.key, known, at(e.line)));
      continue;
    }
    const [key, setting] = found;
    const given = givenFrom(e, path, at, errors);
    const value = given && parseGiven(setting, given, path, errors);
    if (value !== undefined) fields[key] = value;
  }
  return fields;
}

const POLICY_KEYS = [...Object.values<Setting>(POLICY_SETTINGS).map(yamlKeyOf), "windows"];

function readPolicy(entry: YamlEntry, label: string, at: At, errors: ConfigError[]): PolicyDraft {
  const source = at(entry.line);
  // `retry_policy: webhook` is short for `retry_policy: {preset: webhook}`.
  const entries =
    entry.value.kind === "scalar" && entry.value.text !== undefined
      ? [{ key: "preset", line: entry.line, value: entry.value }]
      : entriesOf(entry.value, label, at, errors);
  const nested = entries.find(({ key }) => key === "windows");
  const windows = nested && readWindows(nested, `${label}.windows`, at, errors);
  const plain = entries.filter((e) => e !== nested);
  const fields = readFields(plain, POLICY_SETTINGS, POLICY_KEYS, label, at, errors);
  return { ...(fields as PolicyOverride), ...(windows && { windows }), label, source };
}

/** The entries of a list of mappings; undefined for nothing, and for what is no list. */
function readMappings<T>(
  { line, value }: YamlEntry,
  label: string,
  most: number,
  at: At,
  errors: ConfigError[],
  read: (item: YamlTree, path: string) => T | undefined,
): readonly T[] | undefined {
  if (value.kind === "scalar" && value.text === undefined) return undefined;
  if (value.kind !== "list") {
    errors.push({ setting: label, source: at(line), problem: "is not a list of mappings" });
    return undefined;
  }
  if (value.items.length > most) {
    const problem = `has ${value.items.length} entries`;
    errors.push({ setting: label, source: at(line), problem, allowed: `at most ${most}` });
  }
  return value.items.flatMap((item, index) => read(item, `${label}[${index}]`) ?? []);
}

/** The fields of one mapping of a list, put together; what is wrong is not missing as well. */
function readMapping<T>(
  item: YamlTree,
  path: string,
  table: Readonly<Record<string, Setting>>,
  at: At,
  errors: ConfigError[],
  complete: (fields: object, label: string, source: Source, errors: ConfigError[]) => T | undefined,
): T | undefined {
  const broken = errors.length;
  const entries = entriesOf(item, path, at, errors);
  const known = Object.values(table).map(yamlKeyOf);
  const fields = readFields(entries, table, known, path, at, errors);
  return errors.length > broken ? undefined : complete(fields, path, at(item.line), errors);
}

const readWindows = (entry: YamlEntry, label: string, at: At, errors: ConfigError[]) =>
  readMappings(entry, label, LIMITS.retryWindows, at, errors, (item, path) =>
    readMapping(item, path, WINDOW_SETTINGS, at, errors, completeWindow),
  );

const readTransforms = (entry: YamlEntry, label: string, at: At, errors: ConfigError[]) =>
  readMappings(entry, label, EDIT_LIMITS.transforms, at, errors, (item, path) =>
    readMapping(item, path, TRANSFORM_SETTINGS, at, errors, completeTransform),
  );

/**
 * Reads `defaults:` or `queues: <name>:`; `label` is that path. `stronger` holds what flags and
 * environment say about the same settings.
 */
export function readQueueLayer(
  tree: YamlTree,
  label: string,
  at: At,
  errors: ConfigError[],
  stronger: ReadonlyMap<string, Given> = new Map(),
): QueueLayer {
  const given = new Map<string, Given>();
  const retryPolicies = new Map<Reason, PolicyDraft>();
  let retryPolicy: PolicyDraft | undefined;
  let transforms: QueueLayer["transforms"];
  const sources = new Map<string, Source>();
  for (const entry of entriesOf(tree, label, at, errors)) {
    const path = `${label}.${entry.key}`;
    if (entry.key === "retry_policy") {
      retryPolicy = readPolicy(entry, path, at, errors);
    } else if (entry.key === "transforms") {
      transforms = readTransforms(entry, path, at, errors);
      sources.set(entry.key, at(entry.line));
    } else if (entry.key === "retry_policies") {
      for (const e of entriesOf(entry.value, path, at, errors)) {
        const reason = REASON_NAMES.find((name) => name === e.key);
        if (reason === undefined) errors.push(unknownKey(path, e.key, REASON_NAMES, at(e.line)));
        else retryPolicies.set(reason, readPolicy(e, `${path}.${reason}`, at, errors));
      }
    } else {
      const setting = Object.values<Setting>(QUEUE_SETTINGS).find(
        (s) => yamlKeyOf(s) === entry.key,
      );
      if (setting === undefined) {
        errors.push(unknownKey(label, entry.key, KEYS, at(entry.line)));
        continue;
      }
      const value = givenFrom(entry, path, at, errors);
      if (value !== undefined) given.set(setting.name, value);
    }
  }
  return {
    ...parseSimple(new Map([...given, ...stronger]), label, errors, sources),
    ...(retryPolicy === undefined ? {} : { retryPolicy }),
    retryPolicies,
    ...(transforms === undefined ? {} : { transforms }),
  };
}

function parseSimple(
  given: ReadonlyMap<string, Given>,
  label: string,
  errors: ConfigError[],
  sources: Map<string, Source>,
): Pick<QueueLayer, "simple" | "sources"> {
  const simple: Record<string, unknown> = {};
  for (const key of SIMPLE_QUEUE_KEYS) {
    const setting: Setting = QUEUE_SETTINGS[key];
    const value = given.get(setting.name);
    if (value === undefined) continue;
    const inFile = value.source.kind === "file";
    const name = inFile ? `${label}.${yamlKeyOf(setting)}` : setting.name;
    const parsed = parseGiven(setting, value, name, errors);
    if (parsed === undefined) continue;
    simple[key] = parsed;
    sources.set(setting.name, value.source);
  }
  // Each value was parsed by the type of its own row, which is what the result is made of.
  return { simple: simple as Partial<SimpleQueueSettings>, sources };
}
