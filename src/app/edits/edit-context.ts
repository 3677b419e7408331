import type { QueueSettings } from "../../core/settings.ts";
import { transformLimits } from "../../core/transform/edit-limits.ts";
import { limiterKeyOf } from "../limiter-keys.ts";
import type { EditContext } from "./plan-edits.ts";

export interface EditContextParts {
  settingsOf(queue: string): Pick<QueueSettings, "keyAttribute">;
  /** The wall clock. */
  now(): number;
  /** Largest payload of a message, in bytes. */
  payloadMaxBytes?: number | undefined;
}

/** The limits and settings for edits in a queue. */
export function editContext(queue: string, parts: EditContextParts): EditContext {
  const settings = parts.settingsOf(queue);
  return {
    limits: transformLimits(parts.payloadMaxBytes),
    atMs: parts.now(),
    limiterKeyOf: (attribute) => limiterKeyOf(attribute, settings),
  };
}
