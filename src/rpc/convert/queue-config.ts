import { create, type DescField, isFieldSet, type Message } from "@bufbuild/protobuf";
import type { RetryPolicy as WirePolicy } from "../../../gen/dlq/v1/message_pb.ts";
import { type QueueConfig, QueueConfigSchema } from "../../../gen/dlq/v1/queue_pb.ts";
import { type TransformList, TransformListSchema } from "../../../gen/dlq/v1/rule_pb.ts";
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
import { readTransforms, writeTransform } from "./transform.ts";
import { entryPath, Violations } from "./violations.ts";

/** One more level over those of the configuration; and, by the field's path, what is wrong with it. */
export interface ReadConfig {
  readonly layer: QueueLayer;
  readonly violations: readonly FieldViolation[];
}

/** What is wrong is left out of the layer: a queue goes on with what can be read. */
export function readQueueConfig(config: QueueConfig): ReadConfig {
  const violations: FieldViolation[] = unsupported(config, QueueConfigSchema.fields);
  const simple: Record<string, unknown> = {};
  for (const one of QUEUE_FIELDS) {
    const said = valueAt(config, one);
    if (said === undefined) continue;
    const row: Setting = QUEUE_SETTINGS[one.key];
    if (said.value === undefined) {
      simple[one.key] = row.fallback;
      continue;
    }
    const raw = toRaw(one.field, said.value);
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
    ...(config.transforms === undefined ? {} : readList(config.transforms, violations)),
  };
  return { layer, violations };
}

/** Settings in full, as the contract writes them. */
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
    const transforms = settings.transforms.map(writeTransform);
    config.transforms = create(TransformListSchema, { transforms });
  }
  for (const [reason, policy] of Object.entries(settings.retryPolicies)) {
    if (policy !== undefined) config.retryPolicies[reason] = writePolicy(policy);
  }
  return config;
}

/** Messages have their fields by local name; the compiler can't follow a descriptor. */
function fieldsOf(message: Message): Record<string, unknown> {
  return message as unknown as Record<string, unknown>;
}

function messageIn(parent: Message, field: DescField): Message {
  const fields = fieldsOf(parent);
  if (field.message === undefined) throw new TypeError(`${field.name} is no message`);
  fields[field.localName] ??= create(field.message);
  return fields[field.localName] as Message;
}

/** Undefined: it says nothing of this setting. A value that is undefined: the default. */
function valueAt(config: QueueConfig, one: QueueField): { value: unknown } | undefined {
  let message: Message = config;
  for (const step of one.messages) {
    // Of a message that speaks as a whole only a part is missing.
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

function words(problem: string, { type }: Setting): string {
  return `${problem}; allowed: ${type.bounds ?? type.allowed}`;
}

/** Fields of the contract that this version does not act on: accepting them would be a lie. */
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

/** What is wrong with one of them leaves all of them out: each may count on those before. */
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
      violations.push({ field: path, description: `is none of ${REASON_NAMES.join(", ")}` });
      continue;
    }
    const draft = readDraft(path, policy, violations);
    if (draft !== undefined) policies.set(reason, draft);
  }
  return policies;
}

/** Undefined: something is wrong with it. */
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
