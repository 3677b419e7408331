import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import type { ConnectError } from "@connectrpc/connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { safeText } from "../error-details.ts";

export type HeadersIn = IncomingHttpHeaders;

/** HTTP/2's headers as the web's, without those of the protocol itself. */
export function toHeaders(headers: HeadersIn): Headers {
  const out = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(":")) continue;
    for (const one of Array.isArray(value) ? value : [value]) out.append(name, one);
  }
  return out;
}

/** Adds what an implementation set; the protocol's own fields stay. */
export function withGiven(
  own: OutgoingHttpHeaders,
  given: Headers | undefined,
): OutgoingHttpHeaders {
  if (given === undefined) return own;
  return { ...Object.fromEntries(given), ...own };
}

/** Ours are shorter; an implementation may throw any. Beyond some kilobytes peers refuse trailers. */
const MESSAGE_BYTES = 1_024;

export const OK_TRAILERS: OutgoingHttpHeaders = Object.freeze({ "grpc-status": "0" });

export function errorTrailers(error: ConnectError): OutgoingHttpHeaders {
  const trailers = Object.fromEntries(setTrailerStatus(new Headers(), error));
  const message = safeText(error.rawMessage, MESSAGE_BYTES);
  return { ...trailers, "grpc-message": percentEncode(message) };
}

/**
 * As gRPC wants it: printable ASCII as it is, but for the percent sign. Connect encodes more, which
 * some clients leave encoded for their users to read.
 */
function percentEncode(message: string): string {
  return message.replace(/[^ -$&-~]+/g, encodeURIComponent);
}
