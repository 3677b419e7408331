// Options of a send from headers of a request. The caller chooses the headers, so values that the
// service would refuse are left out.

import type { SendOptions } from "../send-options.ts";

/** The service's limit of a source id, in bytes. */
const MAX_SOURCE_ID = 256;
/** The service's limit of an attribute, in bytes. */
const MAX_ATTRIBUTE = 4 * 1024;

/** @param header returns a header by its lower-case name */
export function headerOptions(header: (name: string) => string | undefined): SendOptions {
  const [id = "", traceparent] = [header("idempotency-key"), header("traceparent")];
  const tracestate = header("tracestate");
  const hasId = id !== "" && Buffer.byteLength(id.toWellFormed()) <= MAX_SOURCE_ID;
  return {
    ...(hasId ? { sourceId: id } : {}),
    ...(traceparent === undefined ? {} : { traceContext: { traceparent, tracestate } }),
  };
}

/** Cuts a text to the limit of an attribute. */
export function shortText(text: string): string {
  const bytes = Buffer.from(text); // lone surrogates are replaced
  if (bytes.length <= MAX_ATTRIBUTE) return bytes.toString();
  let end = MAX_ATTRIBUTE;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--; // inside a character
  return bytes.toString("utf8", 0, end);
}
