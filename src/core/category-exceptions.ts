import type { Reason } from "./reason.ts";

/**
 * Types whose meaning depends on a word of the message: asked before the columns of types in
 * categories.ts. Names as there; the first row that fits wins.
 */
export interface TypeException {
  types: readonly string[];
  /** Phrases of the message; see phrase-matcher. */
  text: readonly string[];
  reason: Reason;
}

/** Errors of SQL databases that carry the server's words and no class of their own. */
const SQL = [
  ...["DatabaseError", "OperationalError", "PSQLException", "pq.Error", "PgError"],
  ...["MySQLError", "tokio_postgres.Error", "sqlx_core.Error"],
];

/** What clients of AWS throw when a service's error has no class of its own. */
const AWS = [
  ...["ClientError", "DynamoDbException", "S3Exception", "SqsException"],
  ...["GenericAPIError", "OperationError"],
];

export const TYPE_EXCEPTIONS: readonly TypeException[] = [
  // fetch reports every network failure as a TypeError.
  {
    types: ["TypeError"],
    text: ["fetch failed", "failed to fetch", "networkerror when attempting", "terminated"],
    reason: "NETWORK_ERROR",
  },
  // Parsers of JavaScript throw what a wrong program throws, too.
  {
    types: ["SyntaxError", "TypeError", "RangeError"],
    text: [
      ...["invalid url", "failed to parse url", "encoded data was not valid", "to a bigint"],
      ...["invalid time value"],
    ],
    reason: "VALIDATION_FAILED",
  },
  { types: ["SyntaxError"], text: ["json"], reason: "VALIDATION_FAILED" },
  // Gson reports the wrong kind of value by it.
  { types: ["IllegalStateException"], text: ["expected begin*"], reason: "VALIDATION_FAILED" },
  // "Connection is not available" is Hikari's full pool, "QueuePool limit" SQLAlchemy's.
  {
    types: ["SQLTransientConnectionException"],
    text: ["connection is not available"],
    reason: "RESOURCE_EXHAUSTED",
  },
  { types: ["TimeoutError"], text: ["queuepool limit"], reason: "RESOURCE_EXHAUSTED" },
  // Bounded queues and semaphores without room.
  { types: ["IllegalStateException"], text: ["queue full"], reason: "RESOURCE_EXHAUSTED" },
  {
    types: ["TrySendError"],
    text: ["full", "no available capacity"],
    reason: "RESOURCE_EXHAUSTED",
  },
  // An executor that was shut down has room enough.
  {
    types: ["RejectedExecutionException"],
    text: ["terminated", "shutting down"],
    reason: "UNKNOWN_ERROR",
  },
  // Killed by whom, for which reason; cancelled by whom.
  { types: ["ExitError"], text: ["signal killed"], reason: "UNKNOWN_ERROR" },
  { types: ["JoinError"], text: ["cancelled"], reason: "UNKNOWN_ERROR" },
  // A driver that waited for a server which refused all the time.
  {
    types: ["ServerSelectionTimeoutError", "MongoTimeoutException"],
    text: ["connection refused"],
    reason: "NETWORK_ERROR",
  },
  {
    types: ["InterruptedIOException", "NatsError", "ureq.Error"],
    text: ["timeout"],
    reason: "TIMEOUT",
  },
  // Go's HTTP client wraps whatever happened to a request.
  { types: ["url.Error"], text: ["eof"], reason: "NETWORK_ERROR" },
  { types: ["url.Error"], text: ["stopped after"], reason: "WEBHOOK_FAILED" },
  {
    types: ["url.Error"],
    text: ["parse", "unsupported protocol scheme"],
    reason: "VALIDATION_FAILED",
  },
  {
    types: ["ProtocolException"],
    text: ["redirected too many", "too many follow up requests"],
    reason: "WEBHOOK_FAILED",
  },
  // Java's URLConnection: the file is a URL, and the answer was 404 or 410.
  { types: ["FileNotFoundException"], text: ["http", "https"], reason: "WEBHOOK_FAILED" },
  // PyJWT: what was decoded is the token.
  {
    types: ["DecodeError"],
    text: ["segments", "signature verification failed"],
    reason: "AUTHENTICATION_ERROR",
  },
  { types: AWS, text: ["slowdown"], reason: "RESOURCE_EXHAUSTED" },
  {
    types: AWS,
    text: ["not authorized to perform", "security token included"],
    reason: "AUTHENTICATION_ERROR",
  },
  // A table or a database: the program and its database differ.
  {
    types: SQL,
    text: ["does not exist", "doesn t exist"],
    reason: "EXECUTION_FAILED",
  },
  // A handle used too late, not a bad value.
  { types: ["ValueError"], text: ["closed file"], reason: "EXECUTION_FAILED" },
];
