import type { Reason } from "./reason.ts";

/**
 * Types whose meaning depends on a phrase in the message. These rows come before the type columns
 * in categories.ts. The first row that matches wins.
 */
export interface TypeException {
  types: readonly string[];
  /** Phrases in the message; see phrase-matcher. */
  text: readonly string[];
  reason: Reason;
}

/** General errors of SQL clients: only the message distinguishes them. */
const SQL = [
  ...["DatabaseError", "OperationalError", "PSQLException", "pq.Error", "PgError"],
  ...["MySQLError", "tokio_postgres.Error", "sqlx_core.Error", "ProgrammingError"],
  ...["SequelizeDatabaseError", "QueryFailedError", "SqlError", "SQLException", "InternalError"],
  ...["SQLSyntaxErrorException", "SQLServerException", "BadSqlGrammarException", "PostgresError"],
];

/** Errors of pools that also report what kept them from connecting. */
const POOLS = ["bb8.RunError", "r2d2.Error", "PoolError", "NoSuchElementException"];

/** General errors of AWS clients: only the message distinguishes them. */
const AWS = [
  ...["ClientError", "DynamoDbException", "S3Exception", "SqsException"],
  ...["GenericAPIError", "OperationError", "S3Error"],
];

export const TYPE_EXCEPTIONS: readonly TypeException[] = [
  // fetch reports every network failure as a TypeError.
  {
    types: ["TypeError"],
    text: ["fetch failed", "failed to fetch", "networkerror when attempting", "terminated"],
    reason: "NETWORK_ERROR",
  },
  // JavaScript parsers throw the same types as programming errors.
  {
    types: ["SyntaxError", "TypeError", "RangeError"],
    text: [
      ...["invalid url", "failed to parse url", "encoded data was not valid", "to a bigint"],
      ...["invalid time value"],
    ],
    reason: "VALIDATION_FAILED",
  },
  { types: ["SyntaxError"], text: ["json*", "invalid character"], reason: "VALIDATION_FAILED" },
  {
    types: ["TypeError"],
    text: ["invalid", "illegal", "must be class"],
    reason: "VALIDATION_FAILED",
  },
  // protobuf.js, MessagePack: a message that is cut off.
  {
    types: ["RangeError"],
    text: ["index out of range", "outside the bounds of the dataview", "premature eof"],
    reason: "VALIDATION_FAILED",
  },
  // Gson throws it for a value of the wrong kind.
  { types: ["IllegalStateException"], text: ["expected begin*"], reason: "VALIDATION_FAILED" },
  // Of a client that has never been connected.
  {
    types: ["IllegalStateException"],
    text: ["unable to connect", "failed to connect", "connection refused"],
    reason: "NETWORK_ERROR",
  },
  // A password that somebody wants to set.
  {
    types: ["InvalidPasswordException"],
    text: ["policy", "too short", "not long enough"],
    reason: "VALIDATION_FAILED",
  },
  // "Connection is not available": Hikari's pool is full. "QueuePool limit": SQLAlchemy's.
  {
    types: ["SQLTransientConnectionException"],
    text: ["connection is not available"],
    reason: "RESOURCE_EXHAUSTED",
  },
  {
    types: ["TimeoutError", "KnexTimeoutError"],
    text: ["queuepool limit", "resourcerequest timed out", "acquiring a connection"],
    reason: "RESOURCE_EXHAUSTED",
  },
  {
    types: POOLS,
    text: [
      ...["timed out in bb8", "timed out waiting for connection", "waiting for a slot"],
      ...["waiting for idle object", "pool exhausted"],
    ],
    reason: "RESOURCE_EXHAUSTED",
  },
  // Full queues and semaphores.
  {
    types: ["IllegalStateException", "BufferError"],
    text: ["queue full"],
    reason: "RESOURCE_EXHAUSTED",
  },
  {
    types: ["TrySendError"],
    text: ["full", "no available capacity"],
    reason: "RESOURCE_EXHAUSTED",
  },
  // An executor that was shut down is not full.
  {
    types: ["RejectedExecutionException"],
    text: ["terminated", "shutting down"],
    reason: "UNKNOWN_ERROR",
  },
  // The cause of a kill or a cancellation is unknown.
  { types: ["ExitError"], text: ["signal killed"], reason: "UNKNOWN_ERROR" },
  { types: ["JoinError"], text: ["cancelled"], reason: "UNKNOWN_ERROR" },
  // The driver waited, and the server refused every connection.
  {
    types: [
      ...["ServerSelectionTimeoutError", "ServerSelectionError", "MongoTimeoutException"],
      "mongodb.Error",
    ],
    text: ["connection refused"],
    reason: "NETWORK_ERROR",
  },
  {
    types: ["MongoTimeoutException"],
    text: ["waiting for a connection to server"],
    reason: "RESOURCE_EXHAUSTED",
  },
  {
    types: ["InterruptedIOException", "NatsError", "ureq.Error"],
    text: ["timeout"],
    reason: "TIMEOUT",
  },
  // Go's HTTP client wraps every error in url.Error.
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
  // Java's URLConnection: the "file" is a URL, and the status was 404 or 410.
  { types: ["FileNotFoundException"], text: ["http", "https"], reason: "WEBHOOK_FAILED" },
  // PyJWT: the token could not be decoded.
  {
    types: ["DecodeError"],
    text: ["segments", "signature verification failed"],
    reason: "AUTHENTICATION_ERROR",
  },
  {
    types: ["ParseException", "ParseError", "ParserError", "DecodeError", "ValidationError"],
    text: ["jwt*", "jws", "jwe", "jwk", "parse token", "decode token", "token is expired"],
    reason: "AUTHENTICATION_ERROR",
  },
  // A wait in a thread that may not wait forever.
  {
    types: ["IllegalStateException", "RuntimeError"],
    text: ["timeout on", "timed out", "timeout after"],
    reason: "TIMEOUT",
  },
  // A field of a configuration, not its file.
  {
    types: ["ConfigError"],
    text: ["field", "invalid type", "invalid value", "parse error", "expected"],
    reason: "VALIDATION_FAILED",
  },
  // A value of the program that cannot be encoded.
  {
    types: [
      ...["JsonMappingException", "JsonIOException", "SerializationException", "JSONException"],
      ...["IllegalArgumentException", "serde_json.Error", "InvalidDocument", "ValueError"],
    ],
    text: [
      ...["infinite recursion", "no serializer", "serializer for class", "json specification"],
      ...["jsonadapter", "key must be a string", "circular reference", "cannot encode object"],
      ...["not json compliant", "not serializable", "cannot serialize"],
    ],
    reason: "EXECUTION_FAILED",
  },
  // An archive with a password.
  {
    types: ["ZipError", "ZipException", "RuntimeError", "PdfReadError", "SevenZipException"],
    text: ["password required", "password is incorrect", "incorrect password", "wrong password"],
    reason: "AUTHENTICATION_ERROR",
  },
  // A wrong key or a wrong text.
  {
    types: ["GeneralSecurityException", "JOSEException", "JWEError", "CryptoError"],
    text: ["decrypt*", "tag mismatch"],
    reason: "UNKNOWN_ERROR",
  },
  // A lock that another process holds.
  { types: ["ExecutionError"], text: ["quorum", "lock"], reason: "UNKNOWN_ERROR" },
  // The other half of a channel is gone.
  {
    types: ["SendError", "TrySendError", "RecvError", "TryRecvError"],
    text: ["closed", "disconnected"],
    reason: "UNKNOWN_ERROR",
  },
  // A resolver that has no server, or no answer.
  {
    types: ["ResolveError"],
    text: ["no connections available", "no record found", "no records found"],
    reason: "NETWORK_ERROR",
  },
  // Clients that call everything so.
  {
    types: ["Neo4jError", "ClientException", "DatabaseError", "OperationalError"],
    text: ["acquisition timed out", "acquire a connection"],
    reason: "RESOURCE_EXHAUSTED",
  },
  // Values of Intl and Date.
  {
    types: ["RangeError"],
    text: [
      ...["invalid date", "information provided", "invalid time zone", "language tag"],
      ...["currency", "code point", "initialization vector", "payload size"],
    ],
    reason: "VALIDATION_FAILED",
  },
  { types: AWS, text: ["slowdown"], reason: "RESOURCE_EXHAUSTED" },
  {
    types: AWS,
    text: ["not authorized to perform", "security token included"],
    reason: "AUTHENTICATION_ERROR",
  },
  // A right that is missing has a class of invalid SQL.
  {
    types: SQL,
    text: ["command denied", "access denied", "permission denied"],
    reason: "AUTHENTICATION_ERROR",
  },
  // A server that does not exist is not a missing table.
  { types: SQL, text: ["unable to connect"], reason: "NETWORK_ERROR" },
  // A missing table or database.
  {
    types: SQL,
    text: ["does not exist", "doesn t exist"],
    reason: "EXECUTION_FAILED",
  },
  // Some drivers name a server that they cannot reach like a status of HTTP.
  {
    types: ["ServiceUnavailable", "ServiceUnavailableException", "Neo4jError"],
    text: ["connect", "connection", "connections", "resolve", "routing", "socket"],
    reason: "NETWORK_ERROR",
  },
  // A closed handle, not a bad value.
  { types: ["ValueError"], text: ["closed file"], reason: "EXECUTION_FAILED" },
];
