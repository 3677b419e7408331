import type { Config, Origins } from "../config/config.ts";
import type { QueueLayer } from "../config/queue-layer.ts";
import { QUEUE_SETTINGS, SIMPLE_QUEUE_KEYS } from "../config/queue-settings.ts";
import { draftOf, TRANSFORM_SETTINGS } from "../config/queue-transforms.ts";
import { POLICY_SETTINGS } from "../config/retry-policy.ts";
import { WINDOW_SETTINGS } from "../config/retry-windows.ts";
import {
  describeFallback,
  GROUPS,
  type Group,
  printable,
  type Setting,
  yamlKeyOf,
} from "../config/setting.ts";
import { SETTINGS } from "../config/settings.ts";
import { DEFAULT, describeSource } from "../config/source.ts";
import type { PlainValue } from "../config/value-type.ts";
import { asOverride } from "../core/policy-override.ts";
import type { QueueSettings, RetryPolicy } from "../core/settings.ts";

/** One value in force for printing, with secrets hidden. */
export interface Entry {
  readonly key: string;
  /** Undefined: not set. */
  readonly value: PlainValue | readonly Entry[] | MappingList | undefined;
  /** The source; empty for fields of a policy, which have one source. */
  readonly source: string;
  /** Printed as a comment: computed by each process, or not set. */
  readonly informative?: boolean;
}

/** A list of mappings: the windows of a policy, the transforms of a queue. */
export interface MappingList {
  readonly items: readonly (readonly Entry[])[];
}

export interface InForce {
  readonly groups: readonly { readonly title: Group; readonly entries: readonly Entry[] }[];
  readonly defaults: readonly Entry[];
  readonly queues: readonly { readonly name: string; readonly entries: readonly Entry[] }[];
}

export function isNested(value: Entry["value"]): value is readonly Entry[] {
  return Array.isArray(value) && value.some((v) => typeof v === "object");
}

export function isMappingList(value: Entry["value"]): value is MappingList {
  return typeof value === "object" && "items" in value;
}

/** `queues` has only the settings from the file; the others are in `defaults`. */
export function inForce(config: Config, origins: Origins): InForce {
  const rows = Object.entries(SETTINGS) as [keyof typeof SETTINGS, Setting][];
  const groups = GROUPS.map((title) => ({
    title,
    entries: rows
      .filter(([, s]) => s.group === title && s.notInFile !== true)
      .map(([key, s]) => settingEntry(s, config[key], origins)),
  })).filter((group) => group.entries.length > 0);
  return {
    groups,
    defaults: [
      ...defaultEntries(origins),
      ...policies(origins.defaults, origins.deployment),
      ...transforms(origins.defaults),
    ],
    queues: [...origins.queues].map(([name, layer]) => ({
      name,
      entries: [
        ...ownEntries(layer),
        ...policies(layer, config.queueSettings(name)),
        ...transforms(layer),
      ],
    })),
  };
}

function settingEntry(setting: Setting, value: unknown, origins: Origins): Entry {
  const key = yamlKeyOf(setting);
  const source = origins.settings.get(setting.name) ?? DEFAULT;
  if (value === undefined) {
    return { key, value, source: `default: ${describeFallback(setting)}`, informative: true };
  }
  const computed = source === DEFAULT && setting.fallbackText !== undefined;
  return {
    key,
    value: printable(setting, value),
    source: computed ? `default: ${setting.fallbackText}` : describeSource(source),
    // A computed node id must not be copied into another process's file.
    ...(computed && setting.name === SETTINGS.nodeId.name ? { informative: true } : {}),
  };
}

function defaultEntries({ defaults }: Origins): Entry[] {
  return SIMPLE_QUEUE_KEYS.map((key) => {
    const setting: Setting = QUEUE_SETTINGS[key];
    const value = defaults.simple[key] ?? setting.fallback;
    const source = defaults.sources.get(setting.name) ?? DEFAULT;
    const name = yamlKeyOf(setting);
    return value === undefined
      ? { key: name, value, source: `default: ${describeFallback(setting)}`, informative: true }
      : { key: name, value: printable(setting, value), source: describeSource(source) };
  });
}

function ownEntries(layer: QueueLayer): Entry[] {
  return SIMPLE_QUEUE_KEYS.filter((key) => layer.simple[key] !== undefined).map((key) => {
    const setting: Setting = QUEUE_SETTINGS[key];
    return {
      key: yamlKeyOf(setting),
      value: printable<unknown>(setting, layer.simple[key]),
      source: describeSource(layer.sources.get(setting.name) ?? DEFAULT),
    };
  });
}

/** Complete policies, not abbreviations. */
function policies(layer: QueueLayer, resolved: QueueSettings): Entry[] {
  const entries: Entry[] = [];
  if (layer.retryPolicy !== undefined && resolved.retryPolicy !== undefined) {
    entries.push({
      key: "retry_policy",
      value: policyFields(resolved.retryPolicy),
      source: describeSource(layer.retryPolicy.source),
    });
  }
  const reasons: Entry[] = [];
  for (const [reason, draft] of layer.retryPolicies) {
    const policy = resolved.retryPolicies[reason];
    if (policy === undefined) continue;
    const source = describeSource(draft.source);
    reasons.push({ key: reason, value: policyFields(policy), source });
  }
  if (reasons.length > 0) entries.push({ key: "retry_policies", value: reasons, source: "" });
  return entries;
}

function policyFields(policy: RetryPolicy): Entry[] {
  const { windows = [], ...own } = asOverride(policy);
  const fields = fieldsOf(POLICY_SETTINGS, own);
  if (windows.length === 0) return fields;
  const value = windows.map((window) => fieldsOf(WINDOW_SETTINGS, window));
  return [...fields, { key: "windows", value: { items: value }, source: "" }];
}

function transforms({ transforms, sources }: QueueLayer): Entry[] {
  if (transforms === undefined) return [];
  const items = transforms.map((one) => fieldsOf(TRANSFORM_SETTINGS, draftOf(one)));
  const source = describeSource(sources.get("transforms") ?? DEFAULT);
  return [{ key: "transforms", value: { items }, source }];
}

/** The fields of a mapping, in the order of its table. */
function fieldsOf(table: Readonly<Record<string, Setting>>, values: object): Entry[] {
  const given = new Map(Object.entries(values));
  return Object.entries(table).flatMap(([key, setting]) => {
    const value: unknown = given.get(key);
    if (value === undefined) return [];
    return [{ key: yamlKeyOf(setting), value: setting.type.format(value), source: "" }];
  });
}
