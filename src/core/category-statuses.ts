import type { Reason } from "./reason.ts";

type Reasons = ReadonlySet<Reason | undefined>;

/** Reasons that override evidence of a symptom. */
export const CAUSES: Reasons = new Set<Reason>([
  ...(["RESOURCE_EXHAUSTED", "TIMEOUT", "AUTHENTICATION_ERROR"] as const),
  // Conflicts between transactions and missing resources of AWS: the first row of the table.
  "UNKNOWN_ERROR",
]);

/** What a server that answers 500, 502 or 503 may lack. */
const LIMITS: Reasons = new Set<Reason>(["RESOURCE_EXHAUSTED", "TIMEOUT"]);

/**
 * Services use 400 and 403 also for throttling, expired tokens and conflicts, 500, 502 and 503 for
 * limits of theirs, and 404 for a table, and name the cause in the body.
 */
const BROAD_STATUSES: ReadonlyMap<number, Reasons> = new Map([
  ...[400, 403].map((status) => [status, CAUSES] as const),
  ...[500, 502, 503].map((status) => [status, LIMITS] as const),
  [404, new Set<Reason>()],
  // A version that another writer has replaced.
  [409, new Set<Reason>(["UNKNOWN_ERROR"])],
]);

/**
 * Returns the reasons that override that of an HTTP status if the type, a code or a name in the
 * message says them; undefined if nothing does, not even reasonOfFault.
 */
export const causesOf = (httpStatus: number): Reasons | undefined => BROAD_STATUSES.get(httpStatus);

/** Errors of databases that speak HTTP, and of GraphQL: our query is wrong, or took too long. */
const QUERY_FAULT =
  /\b(?:UNKNOWN_(?:TABLE|DATABASE|IDENTIFIER|COLUMN|FUNCTION)|(?:TABLE|COLUMN|SCHEMA|CATALOG|FUNCTION)_NOT_FOUND|SYNTAX_ERROR|GRAPHQL_(?:VALIDATION|PARSE)_FAILED)\b|\bCannot query field\b|\bSyntax Error(?: GraphQL)?: (?:Expected|Unexpected)|\((TIMEOUT_EXCEEDED)\)/;

/** SOAP says with one status whether the request or the service is wrong. */
const SOAP_FAULT = /\b(?:soap(?:env|-env)?|env|s):(?:(Client|Sender)|Server|Receiver)\b/i;

/** The reason of a fault whose name is stronger than the status that it comes with. */
export function reasonOfFault(text: string): Reason | undefined {
  const query = QUERY_FAULT.exec(text);
  if (query !== null) return query[1] === undefined ? "EXECUTION_FAILED" : "TIMEOUT";
  const soap = SOAP_FAULT.exec(text);
  if (soap === null) return undefined;
  return soap[1] === undefined ? "WEBHOOK_FAILED" : "VALIDATION_FAILED";
}
