import type { MessageInitShape } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ErrorStatusSchema } from "../../../../gen/dlq/v1/dlq_service_pb.ts";

const ERROR_INFO = "google.rpc.ErrorInfo";
const DOMAIN = "dlq.v1";

/** As the service refuses: with details, by which its word is known from that of a proxy. */
export function invalid(words: string): ConnectError {
  const error = new ConnectError(words, Code.InvalidArgument);
  const info = new BinaryWriter().tag(1, WireType.LengthDelimited).string("INVALID_REQUEST");
  info.tag(2, WireType.LengthDelimited).string(DOMAIN);
  error.details = [{ type: ERROR_INFO, value: info.finish() }];
  return error;
}

/** A call's error as one within a response. */
export function withinResponse(error: ConnectError): MessageInitShape<typeof ErrorStatusSchema> {
  const { code, rawMessage: message, details } = error;
  const shown = details.flatMap((detail) =>
    "type" in detail
      ? [{ typeUrl: `type.googleapis.com/${detail.type}`, value: detail.value }]
      : [],
  );
  return { code, message, details: shown };
}
