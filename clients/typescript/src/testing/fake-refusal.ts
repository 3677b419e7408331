import type { MessageInitShape } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ErrorStatusSchema } from "../../../../gen/dlq/v1/dlq_service_pb.ts";

const ERROR_INFO = "google.rpc.ErrorInfo";
const DOMAIN = "dlq.v1";

/** Returns an error with details, as the service does: an error without them may come from a proxy. */
export function invalid(message: string): ConnectError {
  const error = new ConnectError(message, Code.InvalidArgument);
  const info = new BinaryWriter().tag(1, WireType.LengthDelimited).string("INVALID_REQUEST");
  info.tag(2, WireType.LengthDelimited).string(DOMAIN);
  error.details = [{ type: ERROR_INFO, value: info.finish() }];
  return error;
}

/** Returns the error of a call in the form that batch responses have. */
export function withinResponse(error: ConnectError): MessageInitShape<typeof ErrorStatusSchema> {
  const { code, rawMessage: message, details } = error;
  const shown = details.flatMap((detail) =>
    "type" in detail
      ? [{ typeUrl: `type.googleapis.com/${detail.type}`, value: detail.value }]
      : [],
  );
  return { code, message, details: shown };
}
