// What google.rpc details of an error say, of this service's errors and of anybody's.

import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import { peek, peekList } from "./peek.ts";

const ERROR_INFO = "google.rpc.ErrorInfo";
const RETRY_INFO = "google.rpc.RetryInfo";
/** More than any error has. */
const MOST_DETAILS = 32;

/** The stable name that a server gives to its error; empty where it gave none. */
export function errorReason(error: ConnectError): string {
  const bytes = firstField(error, ERROR_INFO);
  return bytes === undefined ? "" : new TextDecoder().decode(bytes);
}

/** The server says that it is worth trying again. */
export function hasRetryInfo(error: ConnectError): boolean {
  return detailOf(error, RETRY_INFO) !== undefined;
}

/** How long to wait, by the server's own word; of anything that was thrown. */
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
  for (const detail of peekList(thrown, "details", MOST_DETAILS)) {
    const value = peek(detail, "value");
    if (peek(detail, "type") === typeName && value instanceof Uint8Array) return value;
  }
  return undefined;
}

/** Both messages have what counts in their first field: a string, a message. */
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
    // not what it says that it is
  }
  return undefined;
}
