import { fromBinary } from "@bufbuild/protobuf";
import { type Envelope, EnvelopeSchema } from "../../../gen/dlq/storage/v1/envelope_pb.ts";
import type { RuleFacts } from "../../rules/facts.ts";

/** What rules see of a message that is stored. */
export function envelopeFacts(
  envelope: Uint8Array,
  { queue, priority }: Pick<RuleFacts["message"], "queue" | "priority">,
): RuleFacts["message"] {
  const stored = fromBinary(EnvelopeSchema, envelope);
  const { sourceId, orderingKey, attributes, payload, origin } = stored;
  return {
    ...{ queue, sourceId, orderingKey, priority, attributes },
    payloadBytes: payloadBytes(payload),
    contentType: payload?.contentType ?? "",
    origin: {
      service: origin?.service ?? "",
      instance: origin?.instance ?? "",
      version: origin?.version ?? "",
      coordinates: origin?.coordinates ?? {},
    },
  };
}

function payloadBytes(payload: Envelope["payload"]): number {
  const body = payload?.body;
  if (body?.case === "text") return Buffer.byteLength(body.value);
  return body?.case === "data" ? body.value.length : 0;
}
