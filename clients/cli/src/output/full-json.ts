import { type DescMessage, type JsonValue, type MessageShape, toJson } from "@bufbuild/protobuf";

/** Returns the JSON of protobuf with lists that are empty and numbers that are 0, so that scripts find every name. */
export function fullJson<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
): JsonValue {
  return toJson(schema, message, { alwaysEmitImplicit: true });
}
