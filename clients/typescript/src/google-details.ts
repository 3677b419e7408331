// Reads google.rpc details of gRPC errors, of this service or any other.

import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import { safeList, safeRead } from "./safe-read.ts";

const ERROR_INFO = "google.rpc.ErrorInfo";
const RETRY_INFO = "google.rpc.RetryInfo";
const MAX_DETAILS = 32;

/** Returns `ErrorInfo.reason`, the stable name of an error; empty if there is none. */
export function errorReason(error: ConnectError): string {
  const bytes = firstField(error, ERROR_INFO);
  return bytes === undefined ? "" : new TextDecoder().decode(bytes);
}

/** Reports whether the server asks for a retry. */
export function hasRetryInfo(error: ConnectError): boolean {
  return detailOf(error, RETRY_INFO) !== undefined;
}

/** Returns `RetryInfo.retry_delay` of a thrown value of any kind. */
export function retryDelayOf(thrown: unknown): Duration | undefined {
  const bytes = firstField(thrown, RETRY_INFO);
  if (bytes === undefined) return undefined;
  try {
    return fromBinary(DurationSchema, bytes);
  } catch {
    return undefined;
  }
}

function detailOf(thrown: unknown, typeName: string): Uint8Array | undefined {
  for (const detail of safeList(thrown, "details", MAX_DETAILS)) {
    const value = safeRead(detail, "value");
    if (safeRead(detail, "type") === typeName && value instanceof Uint8Array) return value;
  }
  return undefined;
}

/** Returns field 1 of a detail: the reason of ErrorInfo, the delay of RetryInfo. */
function firstField(thrown: unknown, typeName: string): Uint8Array | undefined {
  try {
    const detail = detailOf(thrown, typeName);
    if (detail === undefined) return undefined;
    const reader = new BinaryReader(detail);
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (field === 1 && type === WireType.LengthDelimited) return reader.bytes();
      reader.skip(type);
    }
  } catch {
    // a malformed detail
  }
  return undefined;
}
