// Signs in a message that phrases cannot express: its form, and the statuses that it names.

import type { Reason } from "./reason.ts";

/** What the form of a whole message says. */
export function reasonOfShape(message: string): Reason | undefined {
  if (END_OF_FILE.test(message))
    return PARSED_END.test(message) ? "VALIDATION_FAILED" : "NETWORK_ERROR";
  if (COMMAND_FAILED.test(message)) return "EXECUTION_FAILED";
  if (NOT_A_FILE.test(message)) return "VALIDATION_FAILED";
  if (TIMEOUT_FIRST.test(message) || TIMEOUT_LAST.test(message.slice(-32))) return "TIMEOUT";
  return undefined;
}

/** The end of a text that is decoded, not of a connection. */
const PARSED_END = /decod|pars|unmarshal|reading \w+:/i;

/** Go, if the other side hangs up: "EOF", "handshake failed: EOF". */
const END_OF_FILE = /^(?:[\w./ -]{1,60}: ){0,3}EOF$/;

/** "not a 7z file", "is not an OLE document". */
const NOT_A_FILE = /\bnot an? (?:valid )?\w{1,20} (?:file|archive|image|document)\b/i;

/** Of a child process. Servers also say "Command failed". */
const COMMAND_FAILED = /^Command failed(?:: | with exit)/;

/** "nats: timeout" and "Timeout: no answer", but not "set a longer timeout in the settings". */
const TIMEOUT_FIRST = /^(?:[\w./-]{1,40}: ){0,3}timeout\b|^[\w ./-]{1,40} timeout: /i;
const TIMEOUT_LAST = /\btimeout\W*$/i;

/**
 * The name of a gRPC status at the start of a message or after an exception's name: "unavailable:
 * dial tcp", "[unavailable] dial tcp", "io.grpc.StatusRuntimeException: UNAVAILABLE: io exception".
 */
const GRPC_STATUS =
  /(?:^\W*|Exception: )(?:\d{1,2} )?(invalid_argument|deadline_exceeded|permission_denied|resource_exhausted|out_of_range|unimplemented|unavailable|unauthenticated)(?:: |\] )/i;

const GRPC_CODES = new Map(
  Object.entries({
    ...{ invalid_argument: 3, deadline_exceeded: 4, permission_denied: 7, resource_exhausted: 8 },
    ...{ out_of_range: 11, unimplemented: 12, unavailable: 14, unauthenticated: 16 },
  }),
);

/** The code of the gRPC status that a message names; 0 for none. */
export function grpcCodeInText(message: string): number {
  const name = GRPC_STATUS.exec(message)?.[1] ?? "";
  return GRPC_CODES.get(name.toLowerCase()) ?? 0;
}

/**
 * "status code 503", "HTTP Error 404", "server returned 500", "401 Client Error", "404: no such
 * project"; 0 for none.
 */
const STATUS_IN_TEXT =
  /\b(?:status(?:[ _]?code)?|HTTP(?:\/\d(?:\.\d)?)?(?: error| status| (?:response )?code)?|returned|responded with|response(?: code)?|server response|but got|error code|too many|(?<![\w.])error)(?:[ :=]|is){1,4}([3-5]\d\d)\b(?! \w+s\b)|^code: ([3-5]\d\d)\. |^([45]\d\d): |(?:^|[[(:'"] ?)([45]\d\d) (?:client error|server error|unauthorized|forbidden|not found|too many|bad |internal|service|gateway|unprocessable|conflict|gone|request)/im;

export function statusInText(message: string): number {
  const found = /[3-5]\d\d/.test(message) ? STATUS_IN_TEXT.exec(message) : null;
  return found === null ? 0 : Number(found[1] ?? found[2] ?? found[3] ?? found[4]);
}
