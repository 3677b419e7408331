import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { fullJson } from "./full-json.ts";

/** A part of an answer, and the queue that was asked for. */
export interface InQueue<Message> {
  readonly queue: string;
  readonly item: Message;
}

/** Returns the JSON of the part with its queue. */
export function inQueueJson<Desc extends DescMessage>(
  schema: Desc,
  { queue, item }: InQueue<MessageShape<Desc>>,
): Record<string, unknown> {
  const json = fullJson(schema, item);
  return { queue, ...(typeof json === "object" && json !== null ? json : {}) };
}
