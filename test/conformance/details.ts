// google.rpc details in their JSON form, which is the same in every language.

import { createRegistry, fromBinary, type JsonValue, toJson } from "@bufbuild/protobuf";
import { type Any, AnySchema } from "@bufbuild/protobuf/wkt";
import { ErrorStatusSchema } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { file_google_rpc_error_details } from "../../gen/google/rpc/error_details_pb.ts";

const registry = createRegistry(file_google_rpc_error_details);

export function detailsToJson(details: readonly Any[]): JsonValue[] {
  return details.map((detail) => toJson(AnySchema, detail, { registry }));
}

/** Decodes `grpc-status-details-bin`: our ErrorStatus has the fields of google.rpc.Status. */
export function readStatusDetails(bytes: Uint8Array) {
  const { code, message, details } = fromBinary(ErrorStatusSchema, bytes);
  return { code, message, details: detailsToJson(details) };
}
