import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { EventFieldsSchema } from "../../gen/dlq/storage/v1/event_fields_pb.ts";

/** The most bytes of one message's fields, encoded. */
const MAX_BYTES = 255;
/** The name of the field that is no attribute. */
const SOURCE_ID = "source_id";

interface EventSource {
  readonly sourceId: string;
  attribute(name: string): string | undefined;
}

/**
 * Encodes what the outbox says about a message: the attributes of these names, and its source id under `source_id`. A value
 * that would exceed 255 bytes in all is left out; those behind it may still fit.
 */
export function encodeEventFields(
  names: readonly string[],
  message: EventSource,
): Uint8Array | undefined {
  let encoded: Uint8Array | undefined;
  const values: Record<string, string> = {};
  for (const name of names) {
    const value = name === SOURCE_ID ? message.sourceId : message.attribute(name);
    if (value === undefined || value === "") continue;
    const bytes = toBinary(
      EventFieldsSchema,
      create(EventFieldsSchema, { values: { ...values, [name]: value } }),
    );
    if (bytes.length > MAX_BYTES) continue;
    values[name] = value;
    encoded = bytes;
  }
  return encoded;
}

/** Leaves out fields, such as those that a queue hides. Throws on damaged bytes. */
export function withoutEventFields(
  bytes: Uint8Array,
  isHidden: (name: string) => boolean,
): Uint8Array {
  const fields = fromBinary(EventFieldsSchema, bytes);
  const shown = Object.entries(fields.values).filter(([name]) => !isHidden(name));
  return toBinary(EventFieldsSchema, { ...fields, values: Object.fromEntries(shown) });
}

export function decodeEventFields(bytes: Uint8Array): Readonly<Record<string, string>> {
  return fromBinary(EventFieldsSchema, bytes).values;
}
