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
  [409, new Set<Reason>()],
]);

/**
 * Returns the reasons that override that of an HTTP status if the type, a code or a name in the
 * message says them; undefined if nothing does, not even reasonOfFault.
 */
export const causesOf = (httpStatus: number): Reasons | undefined => BROAD_STATUSES.get(httpStatus);

/** What a service says that has used something up. "Overloaded" may be an outage. */
const LIMIT =
  /\brate limit|\bno space left\b|\bmemory than\b|\bout of (?:credits|disk|memory)\b|\btoo many [\w ]{0,20}requests\b|\bnumber of [\w ]{1,30} reached\b/i;

/** Reports whether a message names a limit that is reached. */
export const namesLimit = (message: string): boolean => LIMIT.test(message);

/** Status 409 says that something is in the way: a value that must be unique, or another writer. */
export function reasonOfConflict(message: string): Reason | undefined {
  if (/\bunique\b|\bduplicate\b/i.test(message)) return "VALIDATION_FAILED";
  return /conflict|\balready\b|\bversion|modified/i.test(message) ? "UNKNOWN_ERROR" : undefined;
}

/** Errors of databases that speak HTTP, and of GraphQL: our query is wrong, or took too long. */
const QUERY_FAULT =
  /\b(?:UNKNOWN_(?:TABLE|DATABASE|IDENTIFIER|COLUMN|FUNCTION)|(?:TABLE|COLUMN|SCHEMA|CATALOG|FUNCTION)_NOT_FOUND|SYNTAX_ERROR|GRAPHQL_(?:VALIDATION|PARSE)_FAILED)\b|\bCannot query field\b|\bSyntax Error(?: GraphQL)?: (?:Expected|Unexpected)|\((TIMEOUT_EXCEEDED)\)/;

/** AMQP has the numbers of HTTP for other faults. */
const BROKER_FAULT = /\bNOT_FOUND - no (?:queue|exchange)\b/;

/** SOAP says with one status whether the request or the service is wrong. */
const SOAP_FAULT = /\b(?:soap(?:env|-env)?|env|s):(?:(Client|Sender)|Server|Receiver)\b/i;

/** The reason of a fault whose name is stronger than the status that it comes with. */
export function reasonOfFault(text: string): Reason | undefined {
  const query = QUERY_FAULT.exec(text);
  if (query !== null) return query[1] === undefined ? "EXECUTION_FAILED" : "TIMEOUT";
  if (BROKER_FAULT.test(text)) return "UNKNOWN_ERROR";
  const soap = SOAP_FAULT.exec(text);
  if (soap === null) return undefined;
  return soap[1] === undefined ? "WEBHOOK_FAILED" : "VALIDATION_FAILED";
}
