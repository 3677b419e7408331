import { list, PHRASES } from "./category-phrases.ts";
import { PROGRAM_PHRASES } from "./category-program-phrases.ts";
import { TYPE_PARTS, TYPES } from "./category-types.ts";
import type { Reason } from "./reason.ts";

/**
 * Signs of each reason, for failures that are sent without one. `categorize` says in which order the
 * columns are tried; each is tried over all rows, and a higher row wins. More cells do not make a
 * lookup slower. docs/reference/categorization.md explains how to add some.
 *
 * Ambiguous signs are left out on purpose and become UNKNOWN_ERROR: a wrong reason retries in a
 * wrong way and misleads the reader.
 */
export interface Category {
  reason: Reason;
  /** gRPC status codes. */
  grpc?: readonly number[];
  /** HTTP status codes. */
  http?: readonly number[];
  /** Exception names: bare ("ReadTimeout"), or with the first or last part of their package. */
  types?: readonly string[];
  /** Phrases in exception names that no row lists; see phrase-matcher. */
  typeParts?: readonly string[];
  /** Code words such as errno and SQLSTATE, in type, message, or the attributes `code` and `sqlstate`. */
  codes?: readonly string[];
  /** Phrases of a message. */
  text?: readonly string[];
  /** Phrases of a type or message that usually mean the reason, if nothing else is found. */
  hints?: readonly string[];
}

/**
 * Decisions that are not obvious:
 * - gRPC CANCELLED, UNKNOWN, NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION, ABORTED and DATA_LOSS
 *   do not name a cause: the weaker columns decide.
 * - HTTP: an error status of an endpoint is WEBHOOK_FAILED, including 404, 410, 502 and 503
 *   (restarts take minutes, not the seconds of NETWORK_ERROR). The exceptions are statuses with a
 *   clearer cause: our input, our credentials, too many requests, a timeout.
 * - Certificates that fail verification are NETWORK_ERROR: our credentials are not the cause.
 * - "Permission denied", by a service or a file system, is AUTHENTICATION_ERROR: somebody must
 *   grant access.
 * - ValueError and IllegalArgumentException are VALIDATION_FAILED: a value was checked and refused.
 *   KeyError and similar are EXECUTION_FAILED.
 * - A full pool is RESOURCE_EXHAUSTED even if the client calls it a timeout.
 * - A conflict with another transaction is UNKNOWN_ERROR. It has its own row, so that weaker
 *   evidence does not give it another reason.
 * - SQLSTATE: its class decides. SQL that the database cannot parse is EXECUTION_FAILED; a value
 *   that it refuses is VALIDATION_FAILED.
 * - A wrong protocol, or a response that breaks off, is NETWORK_ERROR.
 * - A template, a query or a regular expression that a parser refuses is EXECUTION_FAILED: we wrote
 *   it. A value is VALIDATION_FAILED. category-languages.ts has the words that tell them apart.
 * - An open breaker, a lock that another process holds, a task that exists already, and a text that
 *   cannot be decrypted are UNKNOWN_ERROR: none of them says what to do.
 */
export const CATEGORIES: readonly Category[] = [
  // Conflicts between transactions, and resources of AWS that do not exist.
  {
    reason: "UNKNOWN_ERROR",
    types: TYPES.UNKNOWN_ERROR,
    typeParts: TYPE_PARTS.UNKNOWN_ERROR,
    codes: list(`
      ER_LOCK_DEADLOCK, SQLSTATE 40*, SqlState E40*, 40P01, WriteConflict, SQLITE_BUSY,
      SQLITE_LOCKED, DatabaseBusy, ORA 00060, ORA 08177, EOPENBREAKER, ELOCKED, MessageLockLost,
      SessionLockLost, LeaseAlreadyPresent, Z_BUF_ERROR, ENOTACQUIRED, ECOMPROMISED
    `),
    text: PHRASES.UNKNOWN_ERROR,
  },
  {
    reason: "RESOURCE_EXHAUSTED",
    grpc: [8],
    http: [429, 507, 509, 529],
    types: TYPES.RESOURCE_EXHAUSTED,
    typeParts: TYPE_PARTS.RESOURCE_EXHAUSTED,
    codes: list(`
      ENOSPC, EMFILE, ENFILE, ENOMEM, EDQUOT, ENOBUFS, EAGAIN, RESOURCE_EXHAUSTED,
      ERR_WORKER_OUT_OF_MEMORY, ResourceExhausted, ER_CON_COUNT_ERROR,
      ER_TOO_MANY_USER_CONNECTIONS, ER_RECORD_FILE_FULL, ER_DISK_FULL, SQLSTATE 53*, SqlState E53*,
      PoolTimedOut, RequestLimitExceeded, ServerBusy, *Throttled, *Throttling, QuotaExceeded,
      *RateLimitExceeded, MEMORY_LIMIT_EXCEEDED, TOO_MANY_SIMULTANEOUS_QUERIES, RESOURCE_ERROR,
      ESEMLOCKED, StorageFull, DiskFull, OutOfMemory, SQLITE_FULL, ServiceBusy,
      ERR_CHILD_PROCESS_STDIO_MAXBUFFER, 452 4 2 2, 552 5 2 2, ORA 00018, ORA 00020, ORA 12516,
      ORA 12519, ORA 01653, ORA 04031, NJS 040, API rate limit exceeded, RATE_LIMITED,
      RATE_LIMIT_EXCEEDED, QUOTA_EXCEEDED, SERVICE_BUSY, SERVER_BUSY, INSUFFICIENT_RESOURCES,
      EXCEEDED_MEMORY_LIMIT, THROTTLING*, rateLimitExceeded, dailyLimitExceeded,
      reduce your request rate, secondary rate limit,
      452 4 3 1, 431 4 3*, 552 5 3 0, OverLimit, OUT_OF_DISK, toomanyrequests
    `),
    text: PHRASES.RESOURCE_EXHAUSTED,
    hints: list("limit exceeded, retry after"),
  },
  {
    reason: "TIMEOUT",
    grpc: [4],
    http: [408, 504, 522, 524, 598, 599],
    types: TYPES.TIMEOUT,
    typeParts: TYPE_PARTS.TIMEOUT,
    codes: list(`
      ETIMEDOUT, ESOCKETTIMEDOUT, ETIME, WSAETIMEDOUT, ERR_TIMED_OUT, ERR_CONNECTION_TIMED_OUT,
      UND_ERR_HEADERS_TIMEOUT, UND_ERR_BODY_TIMEOUT, DEADLINE_EXCEEDED, DeadlineExceeded,
      ERR_SOCKET_TIMEOUT, ETIMEOUT, FUNCTION_INVOCATION_TIMEOUT, RequestTimeout,
      ER_LOCK_WAIT_TIMEOUT, ER_QUERY_TIMEOUT, kind WouldBlock, unavailable os error 11,
      OperationTimedOut, MSG_TIMED_OUT, CONNECT_TIMEOUT, ER_CONNECTION_TIMEOUT, ER_SOCKET_TIMEOUT,
      TimedOut, SQLSTATE HYT*, SQLSTATE HY008, HYT00, OperationTimeout, ORA 12170, ORA 01013
    `),
    text: PHRASES.TIMEOUT,
  },
  {
    reason: "AUTHENTICATION_ERROR",
    grpc: [7, 16],
    http: [401, 403, 407, 511],
    types: TYPES.AUTHENTICATION_ERROR,
    typeParts: TYPE_PARTS.AUTHENTICATION_ERROR,
    codes: list(`
      EACCES, EPERM, EAUTH, UNAUTHENTICATED, PERMISSION_DENIED, PermissionDenied, WRONGPASS,
      NOAUTH, NOPERM, invalid_grant, invalid_client, ER_ACCESS_DENIED_ERROR, ExpiredToken,
      InvalidAccessKeyId, ER_TABLEACCESS_DENIED_ERROR, ER_DBACCESS_DENIED_ERROR, SQLSTATE 28*,
      SqlState E28*, 28P01, SQLSTATE 42501, SqlState E42501, AccessDenied, InvalidClientTokenId,
      SignatureDoesNotMatch, ACCESS_REFUSED, NotAuthorized, BadUserName*, AuthenticationFailed,
      TOPIC_AUTHORIZATION_FAILED, GROUP_AUTHORIZATION_FAILED, CLUSTER_AUTHORIZATION_FAILED,
      SASL_AUTHENTICATION_FAILED, AuthFailure, RequestTimeTooSkewed, RequestExpired,
      AuthorizationFailure, invalid_auth, ELOGIN, 530 5 7*, 534 5 7*, 535 5 7*, ORA 01017,
      ORA 01031, ORA 28000, AADSTS*, InvalidCredentials, AcceptSecurityContext,
      ClientError Security, insufficientPermissions, accessNotConfigured,
      AuthorizationPermissionMismatch, InvalidAuthenticationInfo, DecryptionFailure,
      SASL_AUTHENTICATION*, ERR_JWT*, ERR_JWS*, key passphrase, decryption password,
      invalid login credentials, invalid credentials, INVALID_SESSION_ID, INVALID_LOGIN,
      530 Not logged in, 530 Login, api key not valid, row level security, command denied to user,
      could not read Username, authentication not supported
    `),
    text: PHRASES.AUTHENTICATION_ERROR,
    hints: list(`
      password, credential*, authentication, permission*, privilege*, denied, access token,
      refresh token, client secret, access key, jwt, jws, *login*
    `),
  },
  {
    reason: "NETWORK_ERROR",
    grpc: [14],
    http: [521, 523, 525, 526, 530],
    types: TYPES.NETWORK_ERROR,
    typeParts: TYPE_PARTS.NETWORK_ERROR,
    codes: list(`
      ECONNREFUSED, ECONNRESET, ECONNABORTED, EPIPE, EHOSTUNREACH, EHOSTDOWN, ENETUNREACH,
      ENETDOWN, ENETRESET, ENOTCONN, EADDRNOTAVAIL, ENOTFOUND, EAI_AGAIN, EAI_NONAME, EAI_FAIL,
      EAI_NODATA, EPROTO, UND_ERR_SOCKET, ERR_CONNECTION_REFUSED, ERR_CONNECTION_RESET,
      ERR_NAME_NOT_RESOLVED, ERR_INTERNET_DISCONNECTED, ERR_NETWORK, CERT_HAS_EXPIRED,
      DEPTH_ZERO_SELF_SIGNED_CERT, SELF_SIGNED_CERT_IN_CHAIN, UNABLE_TO_VERIFY_LEAF_SIGNATURE,
      CERTIFICATE_VERIFY_FAILED, HPE*, x509, MASTERDOWN, CLUSTERDOWN, PROTOCOL_CONNECTION_LOST,
      ER_SERVER_SHUTDOWN, ERR_STREAM_PREMATURE_CLOSE, kind UnexpectedEof, IncompleteMessage,
      SQLSTATE 08*, SqlState E08*, SQLSTATE 57P*, SqlState E57P*, 57P01, 57P02, 57P03, EPROTOCOL,
      ECONNECTION, CONNECTION_FORCED, LEADER_NOT_AVAILABLE, COORDINATOR_NOT_AVAILABLE,
      BROKER_NOT_AVAILABLE, NETWORK_EXCEPTION, KafkaError code TRANSPORT,
      KafkaError code ALL_BROKERS_DOWN, KafkaError code RESOLVE, CONNECTION_CLOSED,
      CONNECTION_ENDED, CONNECTION_DESTROYED, ER_SOCKET_UNEXPECTED_CLOSE, ERR_SSL*, ERR_TLS*,
      ERR_HTTP2*, WSAECONN*, WSAEHOST*, WSAENET*, ConnectionRefused, ConnectionReset,
      ConnectionAborted, BrokenPipe, NotConnected, HostUnreachable, NetworkUnreachable,
      UNABLE_TO_GET_ISSUER*, ESERVFAIL, EREFUSED, EDNS, ESOCKET, NXDOMAIN, SERVFAIL, NOT_LEADER*,
      NOT_ENOUGH_REPLICAS, NotWritablePrimary, InterruptedAtShutdown, PrimarySteppedDown,
      ShutdownInProgress, 08S01, 08001, 08006, ORA 12541, ORA 12514, ORA 12537, ORA 12547,
      ORA 03113, ORA 03114, ORA 01034, ConnectionLoss, ConnectionLost, ConnectionClosed,
      421 Service not available, 421 4 3*, 421 4 4*, NO_LEADER, ServiceCommunicationProblem,
      net ERR_CERT*, WSAENOT*, ECONNCLOSED, ERR_SOCKET_CLOSED, connect ENOENT
    `),
    text: PHRASES.NETWORK_ERROR,
    hints: list(`
      handshake, ssl, tls, certificate*, unreachable, websocket, *connection*, socket
    `),
  },
  {
    reason: "VALIDATION_FAILED",
    grpc: [3, 11],
    http: [400, 405, 406, 411, 413, 414, 415, 416, 422, 431],
    types: TYPES.VALIDATION_FAILED,
    typeParts: TYPE_PARTS.VALIDATION_FAILED,
    codes: list(`
      unexpected EOF in JSON, InvalidArgument, ERR_VALIDATION, ERR_INVALID_URL,
      ERR_ENCODING_INVALID_ENCODED_DATA, Z_DATA_ERROR, InvalidUri, RelativeUrlWithoutBase,
      ER_DUP_ENTRY, ER_BAD_NULL_ERROR, ER_DATA_TOO_LONG, ER_NO_REFERENCED_ROW_2,
      ER_ROW_IS_REFERENCED_2, ER_CHECK_CONSTRAINT_VIOLATED, ER_TRUNCATED_WRONG_VALUE_FOR_FIELD,
      SQLSTATE 22*, SqlState E22*, SQLSTATE 23*, SqlState E23*, 22P02, CONTENT_TOO_LARGE,
      MSG_SIZE_TOO_LARGE, MESSAGE_TOO_LARGE, InvalidParameterValue, InvalidParameter,
      SQLITE_CONSTRAINT*, ConstraintViolation, EENVELOPE, InvalidData, InvalidInput, 550 5 1*,
      553 5 1*, 552 5 3 4, ORA 00001, ORA 01400, ORA 02291, ORA 02292, ORA 12899, ORA 01722,
      BAD_USER_INPUT, GRAPHQL_BAD_INPUT*, EntityTooLarge, MessageTooLong, MessageSizeExceeded,
      ConstraintValidationFailed, ClientError Schema, SQLSTATE 44*, LIMIT_FILE_SIZE,
      MissingParameter, MalformedXML, POLICY_VIOLATION, INVALID_RECORD, 501 5 1*, 555 5 5*
    `),
    text: PROGRAM_PHRASES.VALIDATION_FAILED,
    hints: list(`
      *invalid*, *malformed*, *json*, *xml*, format, character, convert*, decode, decoding,
      *illegal*, corrupt*, toml, yaml, magic, unmarshal*, deserializ*, *badrequest*
    `),
  },
  {
    reason: "PLUGIN_ERROR",
    types: TYPES.PLUGIN_ERROR,
    typeParts: TYPE_PARTS.PLUGIN_ERROR,
    text: PHRASES.PLUGIN_ERROR,
  },
  {
    reason: "WEBHOOK_FAILED",
    http: [402, 404, 409, 410, 412, 421, 423, 424, 425, 428, 451, 500, 501, 502, 503, 505, 520],
    types: TYPES.WEBHOOK_FAILED,
    typeParts: TYPE_PARTS.WEBHOOK_FAILED,
    codes: list(`
      ERR_FR_TOO_MANY_REDIRECTS, TooManyRedirects, InternalFailure, InternalServiceError,
      INTERNAL_SERVER_ERROR, backendError, soap Server, soapenv Server, env Receiver
    `),
    text: PHRASES.WEBHOOK_FAILED,
    hints: list("redirect, redirects"),
  },
  {
    reason: "EXECUTION_FAILED",
    grpc: [12, 13],
    types: TYPES.EXECUTION_FAILED,
    typeParts: TYPE_PARTS.EXECUTION_FAILED,
    codes: list(`
      ENOENT, ERR_ASSERTION, MODULE_NOT_FOUND, ENOEXEC, EISDIR, ENOTDIR, EBADF,
      ERR_STREAM_WRITE_AFTER_END, WRONGTYPE, NOSCRIPT, ER_PARSE_ERROR, ER_BAD_FIELD_ERROR,
      ER_NO_SUCH_TABLE, ER_BAD_DB_ERROR, SQLSTATE 42*, SqlState E42*, 42P01, SQLSTATE 3D*,
      SqlState E3D*, 3D000, UNKNOWN_TABLE, UNKNOWN_IDENTIFIER, UNKNOWN_DATABASE, CROSSSLOT,
      NOGROUP, ERR_HTTP_HEADERS_SENT, ERR_STREAM_DESTROYED, ERR_REQUIRE*, ORA 00942, ORA 00904,
      ORA 00933, Statement SyntaxError, called Option, called Result, GRAPHQL_VALIDATION_FAILED,
      GRAPHQL_PARSE_FAILED, PERSISTED_QUERY*, TABLE_NOT_FOUND, COLUMN_NOT_FOUND,
      FUNCTION_NOT_FOUND, ClientError Statement, index_not_found_exception, SQLSTATE 25P02,
      SQLSTATE 0A*, SQLSTATE 26*, SQLSTATE 34*, SQLSTATE 3F*, SQLSTATE HY093, FailedToParse,
      ER_UNKNOWN_TABLE, ER_WRONG*, ERR_INVALID_STATE, IM002, TABLE_OR_VIEW_NOT_FOUND,
      UNRESOLVED_COLUMN*, PARSE_SYNTAX_ERROR, SQLSTATE 07*, SQLSTATE 24*, SQLSTATE IM*,
      inequivalent arg, required environment variable, missing environment variable,
      550 Failed to open, 550 File not found, 550 No such file
    `),
    text: PROGRAM_PHRASES.EXECUTION_FAILED,
    hints: list("table, relation, keyspace"),
  },
];
