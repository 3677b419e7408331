import { type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";

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
  const json = toJson(schema, item);
  return { queue, ...(typeof json === "object" && json !== null ? json : {}) };
}
