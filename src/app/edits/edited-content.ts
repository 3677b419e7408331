import { fromBinary } from "@bufbuild/protobuf";
import { type Edits, EditsSchema } from "../../../gen/dlq/storage/v1/edits_pb.ts";
import type { Envelope } from "../../../gen/dlq/storage/v1/envelope_pb.ts";

/** Undefined: it was never edited. */
export function readEdits(edits: Uint8Array | undefined): Edits | undefined {
  return edits === undefined ? undefined : fromBinary(EditsSchema, edits);
}

/** What a stored message is by now, after its edits: as it would be delivered. */
export function editedContent(
  envelope: Envelope,
  edits: Edits | undefined,
): Pick<Envelope, "payload" | "attributes"> {
  if (edits === undefined) return envelope;
  return {
    payload: edits.payload ?? envelope.payload,
    attributes: edits.attributesEdited ? edits.attributes : envelope.attributes,
  };
}
