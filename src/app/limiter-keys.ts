import { cutKey } from "../core/delivery-rules.ts";
import type { QueueSettings } from "../core/settings.ts";

export function valueIn(attributes: Readonly<Record<string, string>>) {
  return (name: string) => (Object.hasOwn(attributes, name) ? attributes[name] : undefined);
}

/** The limiter key of a message; empty if the queue has no limits by key. */
export function limiterKeyOf(
  attribute: (name: string) => string | undefined,
  { keyAttribute }: Pick<QueueSettings, "keyAttribute">,
): string {
  return keyAttribute === "" ? "" : cutKey(attribute(keyAttribute) ?? "");
}

/** The ordering key of a message; empty if the queue keeps no order. */
export function orderingKeyOf(
  orderingKey: string,
  { ordering }: Pick<QueueSettings, "ordering">,
): string {
  return ordering === "off" ? "" : orderingKey;
}
