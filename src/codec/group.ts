import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { GroupDescriptionSchema, GroupNoteSchema } from "../../gen/dlq/storage/v1/group_pb.ts";
import { FINGERPRINT_VERSION, type FingerprintParts } from "../core/fingerprint/fingerprint.ts";
import { REASONS, reasonFromNumber } from "../core/reason.ts";

/** Characters of a text of a description; longer ones are cut. */
const TEXT_CHARS = 512;

const cut = (text: string): string => text.slice(0, TEXT_CHARS);

/** Encodes `dlq.storage.v1.GroupDescription`. */
export function encodeGroupDescription(parts: FingerprintParts): Uint8Array {
  const { own = "", reason, type, message, frame } = parts;
  const description = create(GroupDescriptionSchema, {
    version: FINGERPRINT_VERSION,
    reason: REASONS[reason],
    type: cut(type),
    message: cut(message),
    frame: cut(frame),
    own: cut(own),
  });
  return toBinary(GroupDescriptionSchema, description);
}

export function decodeGroupDescription(bytes: Uint8Array): FingerprintParts {
  const { own, reason, type, message, frame } = fromBinary(GroupDescriptionSchema, bytes);
  return { own, reason: reasonFromNumber(reason) ?? "UNKNOWN_ERROR", type, message, frame };
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
