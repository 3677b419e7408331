import type { EditWrite } from "../contract.ts";
import type { Bodies } from "./bodies.ts";
import { pack } from "./packed/layout.ts";
import { LAYOUTS } from "./packed/layouts.ts";

/** An edit as `edit` of lua/lib/message.lua reads it. */
export function packEdit(write: EditWrite, bodies: Bodies): Uint8Array {
  const head = LAYOUTS.edit.of({
    grown: write.grown,
    rekeyed: write.limiterKey !== undefined,
    key: Buffer.from(write.limiterKey ?? ""),
  });
  return pack(head, bodies.pack(write.edits, write.payloadBytes));
}
