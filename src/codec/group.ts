import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { GroupDescriptionSchema, GroupNoteSchema } from "../../gen/dlq/storage/v1/group_pb.ts";
import { FINGERPRINT_VERSION, type FingerprintParts } from "../core/fingerprint/fingerprint.ts";
import { REASONS, reasonFromNumber } from "../core/reason.ts";
import { cutUtf8 } from "../core/utf8.ts";

/** Bytes of the texts of a description; longer ones are cut. */
const BYTES = { type: 96, message: 256, frame: 96, fingerprint: 96 };

/** Encodes `dlq.storage.v1.GroupDescription`. */
export function encodeGroupDescription(parts: FingerprintParts): Uint8Array {
  const { fingerprint = "", reason, type, message, frame } = parts;
  const description = create(GroupDescriptionSchema, {
    version: FINGERPRINT_VERSION,
    reason: REASONS[reason],
    type: cutUtf8(type, BYTES.type),
    message: cutUtf8(message, BYTES.message),
    frame: cutUtf8(frame, BYTES.frame),
    fingerprint: cutUtf8(fingerprint, BYTES.fingerprint),
  });
  return toBinary(GroupDescriptionSchema, description);
}

export function decodeGroupDescription(bytes: Uint8Array): FingerprintParts {
  const { fingerprint, reason, type, message, frame } = fromBinary(GroupDescriptionSchema, bytes);
  return { fingerprint, reason: reasonFromNumber(reason) ?? "UNKNOWN_ERROR", type, message, frame };
}

export interface GroupNote {
  /** The name of a token. Empty: unknown. */
  caller: string;
  note: string;
}

export function encodeGroupNote(note: GroupNote): Uint8Array {
  return toBinary(GroupNoteSchema, create(GroupNoteSchema, note));
}

export function decodeGroupNote(bytes: Uint8Array): GroupNote {
  const { caller, note } = fromBinary(GroupNoteSchema, bytes);
  return { caller, note };
}
