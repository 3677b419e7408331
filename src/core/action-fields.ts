import type { ActionFields } from "./event.ts";

/** Larger payloads are not searched. */
const SEARCHED_BYTES = 64 * 1024;
const FIELDS = ["action_type_id", "object_ids", "executed_by"] as const;
const MARK = '"action_type_id"';

interface ActionSource {
  attribute(name: string): string | undefined;
  /** A text, or bytes. Undefined: none. */
  payload(): string | Uint8Array | undefined;
}

/** Reports whether a field must not be shown. */
export interface HiddenFields {
  attribute(name: string): boolean;
  payload(name: string): boolean;
}

/**
 * Returns what action a message executes: `action_type_id`, `object_ids` and `executed_by`, each from an attribute of that name,
 * or else from the top level of a JSON payload of at most 64 KiB. Undefined: it has no `action_type_id`, so it executes none.
 */
export function actionFieldsOf(
  message: ActionSource,
  hidden?: HiddenFields,
): ActionFields | undefined {
  const ofPayload = payloadFields(message.payload());
  const field = (name: string): unknown => {
    const attribute = message.attribute(name);
    if (attribute !== undefined) return hidden?.attribute(name) === true ? undefined : attribute;
    return hidden?.payload(name) === true ? undefined : ofPayload?.[name];
  };
  const actionTypeId = textOf(field("action_type_id"));
  if (actionTypeId === "") return undefined;
  return {
    actionTypeId,
    objectIds: listOf(field("object_ids")),
    executedBy: textOf(field("executed_by")),
    omittedObjects: 0,
  };
}

/** The fields of a JSON object that may be about an action. */
function payloadFields(
  body: string | Uint8Array | undefined,
): Readonly<Record<string, unknown>> | undefined {
  if (body === undefined || body.length > SEARCHED_BYTES) return undefined;
  const text =
    typeof body === "string" ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!text.includes(MARK)) return undefined;
  try {
    const parsed: unknown = JSON.parse(String(text));
    if (typeof parsed !== "object" || parsed === null) return undefined;
    const value = (name: string) =>
      Object.hasOwn(parsed, name) ? (parsed as Record<string, unknown>)[name] : undefined;
    return Object.fromEntries(FIELDS.map((name) => [name, value(name)]));
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** An attribute has a JSON array, or one id. */
function listOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(textOf).filter((id) => id !== "");
  const text = textOf(value);
  if (!text.startsWith("[")) return text === "" ? [] : [text];
  try {
    return listOf(JSON.parse(text));
  } catch {
    return [text];
  }
}
