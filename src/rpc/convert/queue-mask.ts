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

/** What a field mask names: fields of QueueConfig, or of a message in one of them. */
interface Target {
  readonly field: DescField;
  readonly inner: DescField | undefined;
}

export interface QueueMask {
  /** Names of the top level that it touches. */
  readonly touched: ReadonlySet<string>;
  /** Puts what is given in place of what is there; what is not given is taken away. */
  apply(present: QueueConfig): QueueConfig;
}

/** Messages of ours: a duration or an instant is one value. */
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

/** No mask, or an empty one: what is given. */
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
    return `is no field; allowed: ${[outer.name, ...allowed].join(", ")}`;
  }
  if (outer !== undefined) return `has no parts; name it as a whole: ${outer.name}`;
  return `is no field; allowed: *, ${QueueConfigSchema.fields.map(({ name }) => name).join(", ")}`;
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

/** What this version does not know can't be meant: nobody could check it. */
function plain(given: QueueConfig): QueueConfig {
  const bytes = toBinary(QueueConfigSchema, given, { writeUnknownFields: false });
  const config = fromBinary(QueueConfigSchema, bytes);
  // In one order, so that the same content is always the same bytes.
  const policies = Object.entries(config.retryPolicies);
  config.retryPolicies = Object.fromEntries(policies.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return config;
}

/** Messages have their fields by local name; the compiler can't follow a descriptor. */
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
  if (desc === undefined) throw new TypeError(`${field.name} is no message`);
  const source = (fieldsOf(from)[field.localName] ?? create(desc)) as Message;
  const target = (fieldsOf(to)[field.localName] ?? create(desc)) as Message;
  copyField(desc, target, source, inner);
  // An empty message may say something, where it speaks as a whole: only who gave one means that.
  const isLeft = toBinary(desc, target as never).length > 0 || isFieldSet(from, field);
  if (isLeft) fieldsOf(to)[field.localName] = target;
  else clearField(to, field);
}
