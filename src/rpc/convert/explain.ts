import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type ExplainRequest,
  type ExplainResponse,
  ExplainResponseSchema,
  ExplanationSchema,
} from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import type { Explanation } from "../../app/messages/explain.ts";
import { readMessageName } from "./stored-message.ts";
import { checkQueue, Violations } from "./violations.ts";

/** Without an id the queue itself is meant. */
export function readExplain(request: ExplainRequest): { queue: string; id?: Uint8Array } {
  if (request.id !== "") return readMessageName(request);
  const v = new Violations();
  checkQueue(v, "queue", request.queue);
  v.throwIfAny();
  return { queue: request.queue };
}

export function writeExplanations(explanations: readonly Explanation[]): ExplainResponse {
  return create(ExplainResponseSchema, {
    explanations: explanations.map(({ text, untilMs }) =>
      create(ExplanationSchema, {
        text,
        ...(untilMs === undefined ? {} : { until: timestampFromMs(untilMs) }),
      }),
    ),
  });
}
