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
    doc: "Bytes of state changes that each of the 256 partitions keeps; 512KiB is 128 MiB in all. A change takes 40 to 100 bytes, and what outbox-fields adds; a message has at least three, so 512KiB holds the changes of the last 1,800 to 4,700 messages of a partition. Older ones are removed, and those older than about a day.",
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
    fallbackText: "none",
    doc: "Names of attributes, and source_id, whose values the outbox shows with the changes of a message, unless it is claimed, returned or purged. At most 255 bytes a message; values that do not fit, and attributes that redact names, are left out. They take memory beside the message, and in the outbox with each of these changes. They stay there for about a day, also after DeleteQueue.",
    example: "source_id,tenant",
  }),
} as const satisfies Record<string, Setting>;
