import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  SendToDlqRequestSchema,
  type SendToDlqResponse,
  SendToDlqResponseSchema,
} from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { MessageState, Reason } from "../../../gen/dlq/v1/state_pb.ts";

/** An answer like that of the service, without any work. */
export function reply(): SendToDlqResponse {
  return create(SendToDlqResponseSchema, {
    id: "0198f0a2-7c1e-7cc3-98c4-dc0c0c07398f",
    state: MessageState.SCHEDULED,
    reason: Reason.TIMEOUT,
    dueTime: timestampFromMs(Date.now()),
  });
}

export const decodeRequest = (bytes: Uint8Array) => fromBinary(SendToDlqRequestSchema, bytes);
export const encodeReply = (response: SendToDlqResponse) =>
  toBinary(SendToDlqResponseSchema, response);
