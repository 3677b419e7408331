import { type ConfigError, didYouMean } from "./config-error.ts";
import { entriesOf, givenFrom } from "./queue-layer.ts";
import { QUEUE_SETTINGS } from "./queue-settings.ts";
import { removedHint } from "./removed-settings.ts";
import { type Given, type Setting, yamlKeyOf } from "./setting.ts";
import { SETTINGS } from "./settings.ts";
import type { Source } from "./source.ts";
import { nearest } from "./suggest.ts";
import { parseYaml, type YamlEntry, type YamlTree } from "./yaml-tree.ts";

/** The parsed file: the server's settings, and the sections about queues, not yet parsed. */
export interface ConfigFile {
  /** By setting name. */
  readonly values: ReadonlyMap<string, Given>;
  readonly defaults: YamlTree | undefined;
  readonly queues: readonly YamlEntry[];
}

const byKey = new Map<string, Setting>(
  Object.values<Setting>(SETTINGS)
    .filter((s) => s.notInFile !== true)
    .map((s) => [yamlKeyOf(s), s]),
);
const queueKeys = new Set(Object.values<Setting>(QUEUE_SETTINGS).map(yamlKeyOf));

/** Reads the file that `namedBy` names, if any. Adds what is wrong with it to `errors`. */
export function readConfigFile(
  path: string | undefined,
  namedBy: Source | undefined,
  readFile: (path: string) => string,
  errors: ConfigError[],
): ConfigFile {
  const values = new Map<string, Given>();
  if (path === undefined) return { values, defaults: undefined, queues: [] };
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    errors.push({
      setting: "config",
      ...(namedBy === undefined ? {} : { source: namedBy }),
      value: path,
      problem: `cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      hint: "give the path of a YAML file",
    });
    return { values, defaults: undefined, queues: [] };
  }

  const at = (line: number): Source => ({ kind: "file", path, line });
  const parsed = parseYaml(text, path);
  errors.push(...parsed.errors);
  let defaults: YamlTree | undefined;
  let queues: readonly YamlEntry[] = [];
  const entries = parsed.tree === undefined ? [] : entriesOf(parsed.tree, "config", at, errors);
  for (const entry of entries) {
    const setting = byKey.get(entry.key);
    if (entry.key === "defaults") {
      defaults = entry.value;
    } else if (entry.key === "queues") {
      queues = entriesOf(entry.value, "queues", at, errors);
    } else if (setting !== undefined) {
      const given = givenFrom(entry, setting.name, at, errors);
      if (given !== undefined) values.set(setting.name, given);
    } else {
      errors.push({
        setting: entry.key,
        source: at(entry.line),
        problem: "unknown key",
        ...(queueKeys.has(entry.key)
          ? { hint: `put it below "defaults:" or below "queues:" and a queue's name` }
          : (removedHint(entry.key) ??
            didYouMean(
              nearest(entry.key, [...byKey.keys(), "defaults", "queues"]),
              "dlq-server help lists all settings",
            ))),
      });
    }
  }
  return { values, defaults, queues };
}
