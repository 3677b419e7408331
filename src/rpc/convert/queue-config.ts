import { create, type DescField, isFieldSet, type Message } from "@bufbuild/protobuf";
import type { RetryPolicy as WirePolicy } from "../../../gen/dlq/v1/message_pb.ts";
import { type QueueConfig, QueueConfigSchema } from "../../../gen/dlq/v1/queue_pb.ts";
import type { QueueLayer } from "../../config/queue-layer.ts";
import { QUEUE_SETTINGS, type SimpleQueueSettings } from "../../config/queue-settings.ts";
import type { PolicyDraft } from "../../config/retry-policy.ts";
import type { Setting } from "../../config/setting.ts";
import { UPDATE } from "../../config/source.ts";
import type { FieldViolation } from "../../core/errors.ts";
import { REASON_NAMES, type Reason } from "../../core/reason.ts";
import type { QueueSettings } from "../../core/settings.ts";
import { fromSetting, isUnspecified, toRaw } from "./field-values.ts";
import { QUEUE_FIELDS, type QueueField, SUPPORTED } from "./queue-fields.ts";
import { readPolicy, writePolicy } from "./retry-policy.ts";
import { entryPath, Violations } from "./violations.ts";

/** One more level over those of the configuration; and, by the field's path, what is wrong with it. */
export interface ReadConfig {
  readonly layer: QueueLayer;
  readonly violations: readonly FieldViolation[];
}

/** What is wrong is left out of the layer: a queue goes on with what can be read. */
export function readQueueConfig(config: QueueConfig): ReadConfig {
  const violations: FieldViolation[] = [...unsupported(config)];
  const simple: Record<string, unknown> = {};
  for (const one of QUEUE_FIELDS) {
    const said = valueAt(config, one);
    if (said === undefined) continue;
    const row: Setting = QUEUE_SETTINGS[one.key];
    if (said.value === undefined) {
      simple[one.key] = row.fallback;
      continue;
    }
    const raw = toRaw(one.inner ?? one.field, said.value);
    const parsed = "problem" in raw ? raw : row.type.parse(raw.raw);
    if ("ok" in parsed) simple[one.key] = parsed.ok;
    else violations.push({ field: one.path, description: words(parsed.problem, row) });
  }
  const retryPolicy =
    config.retryPolicy && readDraft("retry_policy", config.retryPolicy, violations);
  const layer: QueueLayer = {
    // Each value was parsed by the type of its own row, which is what the settings are made of.
    simple: simple as Partial<SimpleQueueSettings>,
    sources: new Map(),
    ...(retryPolicy === undefined ? {} : { retryPolicy }),
    retryPolicies: readPolicies(config, violations),
  };
  return { layer, violations };
}

/** Settings in full, as the contract writes them. */
export function writeQueueConfig(settings: QueueSettings): QueueConfig {
  const config = create(QueueConfigSchema);
  for (const { key, field, inner } of QUEUE_FIELDS) {
    const value = settings[key];
    if (value === undefined) continue;
    const target = inner === undefined ? config : messageIn(config, field);
    fieldsOf(target)[(inner ?? field).localName] = fromSetting(inner ?? field, value);
  }
  if (settings.retryPolicy !== undefined) config.retryPolicy = writePolicy(settings.retryPolicy);
  for (const [reason, policy] of Object.entries(settings.retryPolicies)) {
    if (policy !== undefined) config.retryPolicies[reason] = writePolicy(policy);
  }
  return config;
}

/** Messages have their fields by local name; the compiler can't follow a descriptor. */
function fieldsOf(message: Message): Record<string, unknown> {
  return message as unknown as Record<string, unknown>;
}

function messageIn(config: QueueConfig, field: DescField): Message {
  const fields = fieldsOf(config);
  if (field.message === undefined) throw new TypeError(`${field.name} is no message`);
  fields[field.localName] ??= create(field.message);
  return fields[field.localName] as Message;
}

/** Undefined: it says nothing of this setting. A value that is undefined: the default. */
function valueAt(config: QueueConfig, one: QueueField): { value: unknown } | undefined {
  const { field, inner, whole } = one;
  if (!isFieldSet(config, field)) return undefined;
  const value = fieldsOf(config)[field.localName];
  if (inner === undefined) return isUnspecified(field, value) ? undefined : { value };
  const message = value as Message;
  const innerValue = fieldsOf(message)[inner.localName];
  if (isUnspecified(inner, innerValue)) return undefined;
  return whole || isFieldSet(message as never, inner) ? { value: innerValue } : undefined;
}

function words(problem: string, { type }: Setting): string {
  return `${problem}; allowed: ${type.bounds ?? type.allowed}`;
}

/** Fields of the contract that this version does not act on: accepting them would be a lie. */
function unsupported(config: QueueConfig): FieldViolation[] {
  const description = "is not supported by this version of the server; leave it out";
  return QueueConfigSchema.fields.flatMap((field) => {
    if (!isFieldSet(config, field)) return [];
    if (!SUPPORTED.has(field.name)) return [{ field: field.name, description }];
    const message = fieldsOf(config)[field.localName];
    const inner = QUEUE_FIELDS.some((one) => one.field === field && one.inner !== undefined);
    if (!inner || field.message === undefined) return [];
    return field.message.fields
      .filter(
        (one) => isFieldSet(message as never, one) && !SUPPORTED.has(`${field.name}.${one.name}`),
      )
      .map((one) => ({ field: `${field.name}.${one.name}`, description }));
  });
}

function readPolicies(config: QueueConfig, violations: FieldViolation[]): Map<Reason, PolicyDraft> {
  const policies = new Map<Reason, PolicyDraft>();
  for (const [name, policy] of Object.entries(config.retryPolicies)) {
    const path = entryPath("retry_policies", name);
    const reason = REASON_NAMES.find((one) => one === name);
    if (reason === undefined) {
      violations.push({ field: path, description: `is none of ${REASON_NAMES.join(", ")}` });
      continue;
    }
    const draft = readDraft(path, policy, violations);
    if (draft !== undefined) policies.set(reason, draft);
  }
  return policies;
}

/** Undefined: something is wrong with it. */
function readDraft(
  path: string,
  policy: WirePolicy,
  violations: FieldViolation[],
): PolicyDraft | undefined {
  const v = new Violations();
  const override = readPolicy(v, path, policy);
  violations.push(...v.found);
  if (v.any) return undefined;
  const given = Object.entries(override).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), label: path, source: UPDATE };
}
