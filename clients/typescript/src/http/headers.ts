// What headers of a request say by convention. Whoever calls chooses them: what the service would
// refuse the message for is left out.

import type { SendOptions } from "../send-options.ts";

/** What the service takes of a source id, in bytes. */
const MOST_IDENTITY = 256;
/** And of an attribute. */
const MOST_ATTRIBUTE = 4 * 1024;

/** @param header gives one of them, by its name in lower case */
export function headerOptions(header: (name: string) => string | undefined): SendOptions {
  const [id = "", traceparent] = [header("idempotency-key"), header("traceparent")];
  const tracestate = header("tracestate");
  const hasId = id !== "" && Buffer.byteLength(id.toWellFormed()) <= MOST_IDENTITY;
  return {
    ...(hasId ? { sourceId: id } : {}),
    ...(traceparent === undefined ? {} : { traceContext: { traceparent, tracestate } }),
  };
}

/** No more of a path than an attribute may have. */
export function shortPath(path: string): string {
  const bytes = Buffer.from(path); // what no UTF-8 can hold is replaced
  if (bytes.length <= MOST_ATTRIBUTE) return bytes.toString();
  let end = MOST_ATTRIBUTE;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--; // in the midst of a character
  return bytes.toString("utf8", 0, end);
}
