import type { EditWrite } from "../../contract.ts";
import type { Bodies } from "../bodies.ts";
import { Packed } from "../packed.ts";

/** As `edit` of lua/lib/message.lua reads it. */
export function packEdit(write: EditWrite, bodies: Bodies): Uint8Array {
  const edits = bodies.pack(write.edits, write.payloadBytes);
  const key = Buffer.from(write.limiterKey ?? "");
  return new Packed(4 + 1 + 1 + key.length + edits.length)
    .i32(write.grown)
    .u8(write.limiterKey === undefined ? 0 : 1)
    .short(key)
    .raw(edits).bytes;
}
