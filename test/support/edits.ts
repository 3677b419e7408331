import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Edits, EditsSchema } from "../../gen/dlq/storage/v1/edits_pb.ts";
import { EnvelopeSchema } from "../../gen/dlq/storage/v1/envelope_pb.ts";
import type { Transform } from "../../src/core/transform/transform.ts";

/** An envelope as a send stores it. */
export function envelope(
  payload: string | Uint8Array,
  attributes: Record<string, string> = {},
): Uint8Array {
  const body: MessageInitShape<typeof EnvelopeSchema>["payload"] = {
    contentType: "application/json",
    body:
      typeof payload === "string"
        ? { case: "text", value: payload }
        : { case: "data", value: payload },
  };
  return toBinary(EnvelopeSchema, create(EnvelopeSchema, { payload: body, attributes }));
}

export function readEdits(bytes: Uint8Array | undefined): Edits {
  if (bytes === undefined) throw new Error("it was never edited");
  return fromBinary(EditsSchema, bytes);
}

export const patchPayload = (...operations: object[]): Transform => ({
  target: "PAYLOAD",
  kind: "JSON_PATCH",
  patch: JSON.stringify(operations),
});

export const mergePayload = (patch: object): Transform => ({
  target: "PAYLOAD",
  kind: "MERGE_PATCH",
  patch: JSON.stringify(patch),
});

export const mergeAttributes = (patch: object): Transform => ({
  target: "ATTRIBUTES",
  kind: "MERGE_PATCH",
  patch: JSON.stringify(patch),
});
