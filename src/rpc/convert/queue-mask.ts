import {
  clearField,
  clone,
  create,
  type DescField,
  type DescMessage,
  fromBinary,
  isFieldSet,
  type Message,
  toBinary,
} from "@bufbuild/protobuf";
import { type QueueConfig, QueueConfigSchema } from "../../../gen/dlq/v1/queue_pb.ts";
import type { FieldViolation } from "../../core/errors.ts";

/** A path in a field mask: a field of QueueConfig, or a field of a message in it. */
interface Target {
  readonly field: DescField;
  readonly inner: DescField | undefined;
}

export interface QueueMask {
  /** The top-level fields that the mask changes. */
  readonly touched: ReadonlySet<string>;
  /** Replaces the masked fields by the given ones. Fields that are not given are cleared. */
  apply(present: QueueConfig): QueueConfig;
}

/** The fields of our own messages. A Duration or Timestamp is a single value. */
function partsOf(field: DescField): readonly DescField[] {
  if (field.fieldKind !== "message") return [];
  return field.message.typeName.startsWith("dlq.") ? field.message.fields : [];
}

function targetOf(path: string): Target | undefined {
  const [name, innerName, ...more] = path.split(".");
  const field = QueueConfigSchema.fields.find((one) => one.name === name);
  if (field === undefined || more.length > 0) return undefined;
  if (innerName === undefined) return { field, inner: undefined };
  const inner = partsOf(field).find((one) => one.name === innerName);
  return inner === undefined ? undefined : { field, inner };
}

/** Reads a mask. An empty mask means all given fields. */
export function readMask(
  paths: readonly string[],
  given: QueueConfig,
): QueueMask | { violations: FieldViolation[] } {
  const whole = (fields: readonly DescField[]) =>
    fields.map((field) => ({ field, inner: undefined }));
  const { fields } = QueueConfigSchema;
  if (paths.length === 0)
    return maskOf(whole(fields.filter((one) => isFieldSet(given, one))), given);
  if (paths.includes("*")) return maskOf(whole(fields), given);
  const targets: Target[] = [];
  const violations: FieldViolation[] = [];
  for (const [index, path] of paths.entries()) {
    const target = targetOf(path);
    if (target !== undefined) targets.push(target);
    else violations.push({ field: `update_mask.paths[${index}]`, description: unknown(path) });
  }
  return violations.length > 0 ? { violations } : maskOf(targets, given);
}

function unknown(path: string): string {
  const outer = QueueConfigSchema.fields.find((one) => one.name === path.split(".")[0]);
  const parts = outer === undefined ? [] : partsOf(outer);
  if (outer !== undefined && parts.length > 0) {
    const allowed = parts.map((one) => `${outer.name}.${one.name}`);
    return `is not a field; allowed: ${[outer.name, ...allowed].join(", ")}`;
  }
  if (outer !== undefined) return `has no subfields; use ${outer.name}`;
  return `is not a field; allowed: *, ${QueueConfigSchema.fields.map(({ name }) => name).join(", ")}`;
}

function maskOf(targets: readonly Target[], given: QueueConfig): QueueMask {
  const source = plain(given);
  return {
    touched: new Set(targets.map(({ field }) => field.name)),
    apply(present) {
      const config = clone(QueueConfigSchema, present);
      for (const { field, inner } of targets) {
        if (inner === undefined) copyField(QueueConfigSchema, config, source, field);
        else copyPart(config, source, field, inner);
      }
      return config;
    },
  };
}

/** Drops unknown fields, which could not be checked. */
function plain(given: QueueConfig): QueueConfig {
  const bytes = toBinary(QueueConfigSchema, given, { writeUnknownFields: false });
  const config = fromBinary(QueueConfigSchema, bytes);
  // Sorted, so that equal content gives equal bytes.
  const policies = Object.entries(config.retryPolicies);
  config.retryPolicies = Object.fromEntries(policies.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return config;
}

/** Gives access to a message's fields by local name. */
function fieldsOf(message: Message): Record<string, unknown> {
  return message as unknown as Record<string, unknown>;
}

function copyField(desc: DescMessage, to: Message, from: Message, field: DescField): void {
  if (isFieldSet(from as never, field)) {
    fieldsOf(to)[field.localName] = fieldsOf(clone(desc, from as never))[field.localName];
  } else {
    clearField(to as never, field);
  }
}

function copyPart(to: QueueConfig, from: QueueConfig, field: DescField, inner: DescField): void {
  const desc = field.message;
  if (desc === undefined) throw new TypeError(`${field.name} is not a message`);
  const source = (fieldsOf(from)[field.localName] ?? create(desc)) as Message;
  const target = (fieldsOf(to)[field.localName] ?? create(desc)) as Message;
  copyField(desc, target, source, inner);
  // An empty message is kept only if it was given: for messages that replace as a whole it has a
  // meaning.
  const isKept = toBinary(desc, target as never).length > 0 || isFieldSet(from, field);
  if (isKept) fieldsOf(to)[field.localName] = target;
  else clearField(to, field);
}
