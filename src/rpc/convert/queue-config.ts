import { create, type DescField, isFieldSet, type Message } from "@bufbuild/protobuf";
import type { RetryPolicy as WirePolicy } from "../../../gen/dlq/v1/message_pb.ts";
import { type QueueConfig, QueueConfigSchema } from "../../../gen/dlq/v1/queue_pb.ts";
import { type TransformList, TransformListSchema } from "../../../gen/dlq/v1/rule_pb.ts";
import { encodeTransform } from "../../codec/transform.ts";
import type { QueueLayer } from "../../config/queue-layer.ts";
import { QUEUE_SETTINGS, type SimpleQueueSettings } from "../../config/queue-settings.ts";
import type { PolicyDraft } from "../../config/retry-policy.ts";
import type { Setting } from "../../config/setting.ts";
import { UPDATE } from "../../config/source.ts";
import type { FieldViolation } from "../../core/errors.ts";
import { REASON_NAMES, type Reason } from "../../core/reason.ts";
import { REDACT_ALL } from "../../core/redaction/entry.ts";
import type { QueueSettings } from "../../core/settings.ts";
import { fromSetting, isUnspecified, toRaw } from "./field-values.ts";
import { QUEUE_FIELDS, type QueueField, SUPPORTED } from "./queue-fields.ts";
import { readPolicy, writePolicy } from "./retry-policy.ts";
import { readTransforms } from "./transform.ts";
import { entryPath, Violations } from "./violations.ts";

/** A configuration layer above those of the server, and the errors in it by field path. */
export interface ReadConfig {
  readonly layer: QueueLayer;
  readonly violations: readonly FieldViolation[];
}

/** Invalid values are left out of the layer: the queue works with the valid ones. */
export function readQueueConfig(config: QueueConfig): ReadConfig {
  const violations: FieldViolation[] = unsupported(config, QueueConfigSchema.fields);
  const simple: Record<string, unknown> = {};
  for (const one of QUEUE_FIELDS) {
    const given = valueAt(config, one);
    if (given === undefined) continue;
    const row: Setting = QUEUE_SETTINGS[one.key];
    if (given.value === undefined) {
      simple[one.key] = row.fallback;
      continue;
    }
    const raw = toRaw(one.field, given.value);
    const parsed = "problem" in raw ? raw : row.type.parse(raw.raw);
    if ("ok" in parsed) simple[one.key] = parsed.ok;
    else {
      violations.push({ field: one.path, description: describe(parsed.problem, row) });
      // Of another version: what it hides is unknown, and must not be shown.
      if (one.key === "redact") simple[one.key] = REDACT_ALL;
    }
  }
  const retryPolicy =
    config.retryPolicy && readDraft("retry_policy", config.retryPolicy, violations);
  const layer: QueueLayer = {
    // Each value was parsed by the type of its own setting.
    simple: simple as Partial<SimpleQueueSettings>,
    sources: new Map(),
    ...(retryPolicy === undefined ? {} : { retryPolicy }),
    retryPolicies: readPolicies(config, violations),
    ...(config.transforms === undefined ? {} : readList(config.transforms, violations)),
  };
  return { layer, violations };
}

/** Converts complete settings to the contract. */
export function writeQueueConfig(settings: QueueSettings): QueueConfig {
  const config = create(QueueConfigSchema);
  for (const { key, messages, field } of QUEUE_FIELDS) {
    const value = settings[key];
    if (value === undefined) continue;
    const target = messages.reduce<Message>(messageIn, config);
    fieldsOf(target)[field.localName] = fromSetting(field, value);
  }
  if (settings.retryPolicy !== undefined) config.retryPolicy = writePolicy(settings.retryPolicy);
  if (settings.transforms.length > 0) {
    const transforms = settings.transforms.map(encodeTransform);
    config.transforms = create(TransformListSchema, { transforms });
  }
  for (const [reason, policy] of Object.entries(settings.retryPolicies)) {
    if (policy !== undefined) config.retryPolicies[reason] = writePolicy(policy);
  }
  return config;
}

/** Gives access to a message's fields by local name. */
function fieldsOf(message: Message): Record<string, unknown> {
  return message as unknown as Record<string, unknown>;
}

function messageIn(parent: Message, field: DescField): Message {
  const fields = fieldsOf(parent);
  if (field.message === undefined) throw new TypeError(`${field.name} is not a message`);
  fields[field.localName] ??= create(field.message);
  return fields[field.localName] as Message;
}

/** Returns the field's value. Undefined: not set. `value` undefined: the default applies. */
function valueAt(config: QueueConfig, one: QueueField): { value: unknown } | undefined {
  let message: Message = config;
  for (const step of one.messages) {
    // The rest of a message that replaces as a whole gets its defaults.
    if (!isSet(message, step)) return one.whole && message !== config ? MISSING : undefined;
    message = fieldsOf(message)[step.localName] as Message;
  }
  const value = fieldsOf(message)[one.field.localName];
  if (isUnspecified(one.field, value)) return undefined;
  return one.whole || isSet(message, one.field) ? { value } : undefined;
}

const MISSING = { value: undefined };

function isSet(message: Message, field: DescField): boolean {
  return isFieldSet(message as never, field);
}

function describe(problem: string, { type }: Setting): string {
  return `${problem}; allowed: ${type.bounds ?? type.allowed}`;
}

/** Fields of the contract that this version does not support. They are refused, not ignored. */
function unsupported(
  message: Message,
  fields: readonly DescField[],
  prefix = "",
): FieldViolation[] {
  const description = "is not supported by this version of the server; leave it out";
  return fields.flatMap((field) => {
    if (!isSet(message, field)) return [];
    const path = `${prefix}${field.name}`;
    if (!SUPPORTED.has(path)) return [{ field: path, description }];
    const parts = QUEUE_FIELDS.some(({ messages }) => messages.includes(field));
    if (!parts || field.message === undefined) return [];
    const inner = fieldsOf(message)[field.localName] as Message;
    return unsupported(inner, field.message.fields, `${path}.`);
  });
}

/** One invalid transform drops the list: later ones may depend on it. */
function readList(
  { transforms: given }: TransformList,
  violations: FieldViolation[],
): Pick<QueueLayer, "transforms"> {
  const v = new Violations();
  const transforms = readTransforms(v, "transforms.transforms", given);
  violations.push(...v.found);
  return v.any ? {} : { transforms };
}

function readPolicies(config: QueueConfig, violations: FieldViolation[]): Map<Reason, PolicyDraft> {
  const policies = new Map<Reason, PolicyDraft>();
  for (const [name, policy] of Object.entries(config.retryPolicies)) {
    const path = entryPath("retry_policies", name);
    const reason = REASON_NAMES.find((one) => one === name);
    if (reason === undefined) {
      violations.push({ field: path, description: `must be one of ${REASON_NAMES.join(", ")}` });
      continue;
    }
    const draft = readDraft(path, policy, violations);
    if (draft !== undefined) policies.set(reason, draft);
  }
  return policies;
}

/** Returns undefined if the policy has errors. */
export function readDraft(
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
