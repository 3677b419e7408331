import { LIMITS } from "../core/settings.ts";
import { bytes } from "./bytes.ts";
import { listOf } from "./list.ts";
import { type Setting, setting } from "./setting.ts";
import { text } from "./value-type.ts";

/** What the outbox has of state changes, and how long. */
export const OUTBOX_SETTINGS = {
  outboxMaxBytes: setting({
    name: "outbox-max",
    group: "Storage",
    type: bytes({ min: 16 * 1024 }),
    fallback: 512 * 1024,
    doc: "Bytes of state changes that each of the 256 partitions keeps, for a day. Older ones are removed. A change takes about 50 bytes.",
    example: "8MiB",
  }),
  outboxFields: setting({
    name: "outbox-fields",
    group: "Storage",
    type: listOf(text(LIMITS.attributeKeyBytes), {
      placeholder: "NAME,…",
      allowed: "names of attributes, and source_id",
    }),
    fallback: [],
    doc: "Attributes, and source_id, that the outbox has of messages that are accepted and removed: up to 255 bytes a message, which it takes twice.",
    example: "source_id,tenant",
  }),
} as const satisfies Record<string, Setting>;
