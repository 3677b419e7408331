import type { Reason } from "./reason.ts";

/**
 * What a failure without a reason looks like, by reason. Columns are strong to weak and are tried
 * in that order over all rows; within a column a higher row wins. To teach it something, add a
 * name to a cell (and an example to the test): the cost of a lookup does not grow.
 *
 * What is ambiguous is left out on purpose and becomes UNKNOWN_ERROR: a wrong reason retries in a
 * wrong way, and misleads the person who reads it.
 */
export interface Category {
  reason: Reason;
  /** gRPC status codes. */
  grpc?: readonly number[];
  /** HTTP status codes. */
  http?: readonly number[];
  /** Exception names without package ("ReadTimeout"), or with its last part ("json.SyntaxError"). */
  types?: readonly string[];
  /** Phrases in an exception name that no row lists; see phrase-matcher. */
  typeParts?: readonly string[];
  /** errno and similar code words, anywhere in type or message. */
  codes?: readonly string[];
  /** Phrases of a message. */
  text?: readonly string[];
}

/**
 * Decisions that are not obvious:
 * - gRPC CANCELLED, UNKNOWN, NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION, ABORTED and DATA_LOSS
 *   do not say whose fault it is: the weaker columns decide.
 * - HTTP: whatever an endpoint answers is WEBHOOK_FAILED, 404, 410, 502 and 503 included (its
 *   own front answered; restarts take minutes, not the seconds of NETWORK_ERROR), save where the
 *   status names a clearer cause: our input, our credentials, too much, or too late.
 * - Certificates that do not verify are NETWORK_ERROR: our credentials are not at fault.
 * - "Permission denied", by a service or a file system, is AUTHENTICATION_ERROR: both wait for
 *   somebody to grant something.
 * - ValueError and IllegalArgumentException are VALIDATION_FAILED, KeyError and its like
 *   EXECUTION_FAILED: the first two say that a value was looked at and refused.
 * - A full pool is RESOURCE_EXHAUSTED even where the client calls it a timeout.
 */
export const CATEGORIES: readonly Category[] = [
  {
    reason: "RESOURCE_EXHAUSTED",
    grpc: [8],
    http: [429, 507, 509, 529],
    types: [
      ...["MemoryError", "OutOfMemoryError", "TooManyRequests", "TooManyRequestsError"],
      ...["TooManyRequestsException", "LimitExceededException", "RequestLimitExceeded", "SlowDown"],
      ...["ProvisionedThroughputExceededException", "RejectedExecutionException", "PoolTimeout"],
      ...["PoolTimedOut", "ConnectionPoolTimeoutException"],
      ...["TooManyConnections", "BulkheadFullException"],
    ],
    typeParts: ["*ratelimit*", "*throttl*", "*quota*", "*resourceexhausted*", "*outofmemory*"],
    codes: [
      ...["ENOSPC", "EMFILE", "ENFILE", "ENOMEM", "EDQUOT", "ENOBUFS", "EAGAIN"],
      ...["RESOURCE_EXHAUSTED", "ERR_WORKER_OUT_OF_MEMORY", "ResourceExhausted"],
    ],
    text: [
      ...["rate limit*", "ratelimit*", "too many requests", "quota exceeded", "exceeded quota"],
      ...["exceeded your current quota", "too many connections", "too many clients", "throttled"],
      ...["throttling", "remaining connection slots", "connection pool exhausted"],
      ...["connection pool is full", "queuepool limit", "pool exhausted", "out of memory"],
      ...["oom command not allowed", "java heap space", "gc overhead limit exceeded"],
      ...["cannot allocate memory", "no space left on device", "disk quota exceeded"],
      ...["disk full", "too many open files", "resource temporarily unavailable"],
      ...["resource exhausted", "request limit exceeded", "concurrency limit"],
    ],
  },
  {
    reason: "TIMEOUT",
    grpc: [4],
    http: [408, 504, 522, 524, 598, 599],
    types: ["Elapsed", "net.timeoutError", "SoftTimeLimitExceeded", "TimeLimitExceeded"],
    typeParts: ["*timeout*", "*timedout*", "*deadlineexceeded*"],
    codes: [
      ...["ETIMEDOUT", "ESOCKETTIMEDOUT", "ETIME", "WSAETIMEDOUT", "ERR_TIMED_OUT"],
      ...["ERR_CONNECTION_TIMED_OUT", "UND_ERR_CONNECT_TIMEOUT", "UND_ERR_HEADERS_TIMEOUT"],
      ...["UND_ERR_BODY_TIMEOUT", "DEADLINE_EXCEEDED", "DeadlineExceeded", "ERR_SOCKET_TIMEOUT"],
      ...["ETIMEOUT", "FUNCTION_INVOCATION_TIMEOUT"],
    ],
    text: [
      ...["timed out", "timedout", "timeout exceeded", "timeout of", "timeout after"],
      ...["timeout while", "timeout waiting", "timeout expired", "timeout awaiting"],
      ...["request timeout", "read timeout", "write timeout", "connect timeout"],
      ...["connection timeout", "i o timeout", "socket timeout", "gateway timeout"],
      ...["lock wait timeout", "statement timeout", "*timeoutexception", "*timeouterror"],
      ...["exceeded the timeout", "deadline has elapsed", "took too long"],
    ],
  },
  {
    reason: "NETWORK_ERROR",
    grpc: [14],
    http: [521, 523, 525, 526, 530],
    types: [
      ...["net.OpError", "net.DNSError", "RemoteDisconnected", "UnknownHostException"],
      ...["NoRouteToHostException", "PortUnreachableException", "EOFException", "IncompleteRead"],
      ...["NoHttpResponseException", "ProtocolError", "ServerDisconnectedError", "gaierror"],
      ...["BrokenPipeError", "SSLError", "SSLHandshakeException", "SSLException"],
      ...["SSLCertVerificationError", "x509.UnknownAuthorityError", "x509.HostnameError"],
      ...["BrokerNotAvailableError", "ClosedChannelException", "CommunicationsException"],
      ...[
        "httpx.ConnectError",
        "httpx.ReadError",
        "httpx.WriteError",
        "ConnectException",
        "URLError",
      ],
      ...["ChunkedEncodingError", "ClosedResourceError"],
    ],
    typeParts: [
      ...["*connectionerror*", "*connectionrefused*", "*connectionreset*", "*connectionaborted*"],
      ...["*connectionclosed*", "*connectionexception*", "*connectorerror*", "*networkerror*"],
      ...["*networkexception*", "*socketerror*", "*socketexception*", "*nameresolution*"],
      ...["*unreachable*", "*brokenpipe*", "*notconnected*", "*hostnotfound*"],
    ],
    codes: [
      ...["ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "EPIPE", "EHOSTUNREACH", "EHOSTDOWN"],
      ...["ENETUNREACH", "ENETDOWN", "ENETRESET", "ENOTCONN", "EADDRNOTAVAIL", "ENOTFOUND"],
      ...["EAI_AGAIN", "EAI_NONAME", "EAI_FAIL", "EAI_NODATA", "EPROTO"],
      ...["WSAECONNREFUSED", "WSAECONNRESET", "UND_ERR_SOCKET", "ERR_CONNECTION_REFUSED"],
      ...["ERR_CONNECTION_RESET", "ERR_CONNECTION_CLOSED", "ERR_NAME_NOT_RESOLVED"],
      ...["ERR_INTERNET_DISCONNECTED", "ERR_NETWORK", "ERR_HTTP2_STREAM_ERROR"],
      ...["ERR_SSL_WRONG_VERSION_NUMBER", "CERT_HAS_EXPIRED", "ERR_TLS_CERT_ALTNAME_INVALID"],
      ...["DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN"],
      ...["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "CERTIFICATE_VERIFY_FAILED"],
    ],
    text: [
      ...["connection refused", "connection reset", "connection aborted", "connection closed"],
      ...["connection lost", "connection is closed", "connection error", "connection failed"],
      ...["connection terminated", "closed network connection", "could not connect"],
      ...["failed to connect", "unable to connect", "error trying to connect"],
      ...[
        "cannot connect to",
        "can t connect to",
        "connection attempts failed",
        "server has gone away",
        "broken pipe",
      ],
      ...["lost connection", "socket hang up", "other side closed", "network error"],
      ...["network is unreachable", "network unreachable", "host is unreachable"],
      ...["no route to host", "host unreachable", "remote host closed", "peer closed"],
      ...["disconnected before", "closed prematurely", "fetch failed", "failed to fetch"],
      ...["no such host", "name or service not known", "temporary failure in name resolution"],
      ...["nodename nor servname", "getaddrinfo", "dns error", "failed to lookup address"],
      ...["name resolution", "server misbehaving", "unexpected eof", "error reading from server"],
      ...["tls handshake", "ssl handshake", "handshake failure", "certificate verify failed"],
      ...["x509 certificate", "certificate has expired", "self signed certificate"],
      ...["pkix path building failed", "rst stream", "no connection established"],
      ...["*connectionerror", "*connectionreseterror", "communications link failure"],
      ...["rpc error code unavailable", "14 unavailable", "statuscode unavailable"],
      ...["econnreset*", "goaway*", "upstream connect error"],
    ],
  },
  {
    reason: "AUTHENTICATION_ERROR",
    grpc: [7, 16],
    http: [401, 403, 407, 511],
    types: [
      ...["Unauthorized", "UnauthorizedError", "UnauthorizedException", "Forbidden"],
      ...["ForbiddenError", "ForbiddenException", "PermissionDenied", "PermissionDeniedError"],
      ...["PermissionError", "AccessDenied", "AccessDeniedException", "AccessDeniedError"],
      ...["TokenExpiredError", "JsonWebTokenError", "ExpiredJwtException", "InvalidTokenError"],
      ...["ExpiredSignatureError", "ExpiredTokenException", "NoCredentialsError"],
      ...["InvalidGrantError", "InvalidClientTokenId", "UnrecognizedClientException"],
      ...["LoginException", "SignatureDoesNotMatch", "CredentialsProviderError"],
    ],
    typeParts: ["*authentication*", "*authorization*", "*unauthenticated*", "*autherror*"],
    codes: [
      ...["EACCES", "EPERM", "EAUTH", "UNAUTHENTICATED", "PERMISSION_DENIED", "PermissionDenied"],
      ...[
        "WRONGPASS",
        "NOAUTH",
        "NOPERM",
        "invalid_grant",
        "invalid_client",
        "ER_ACCESS_DENIED_ERROR",
      ],
    ],
    text: [
      ...["unauthorized", "unauthorised", "unauthenticated", "not authenticated", "forbidden"],
      ...["authentication failed", "authentication required", "failed to authenticate"],
      ...["authorization failed", "not authorized", "permission denied", "access denied"],
      ...["access is denied", "invalid credentials", "bad credentials", "invalid api key"],
      ...["incorrect api key", "invalid token", "invalid access token", "token has expired"],
      ...["token expired", "token is expired", "jwt expired", "jwt malformed"],
      ...["expired token", "signature has expired", "invalid signature", "invalid password"],
      ...["login failed", "password authentication failed", "insufficient permissions"],
      ...["does not have permission", "unable to locate credentials", "credentials have expired"],
    ],
  },
  {
    reason: "VALIDATION_FAILED",
    grpc: [3, 11],
    http: [400, 405, 406, 411, 413, 414, 415, 416, 422, 431],
    types: [
      ...["ValueError", "IllegalArgumentException", "NumberFormatException", "ZodError"],
      ...["JSONDecodeError", "JsonParseException", "JsonMappingException", "JsonSyntaxException"],
      ...["json.SyntaxError", "json.UnmarshalTypeError", "serde_json.Error", "BadRequest"],
      ...["BadRequestError", "BadRequestException", "UnprocessableEntity", "InvalidInputError"],
      ...["InvalidArgument", "InvalidArgumentError", "InvalidArgumentException", "CastError"],
      ...["UnicodeDecodeError", "DateTimeParseException", "DateTimeException", "ParseIntError"],
      ...["ParseFloatError", "strconv.NumError", "DecodeError", "InvalidProtocolBufferException"],
      ...["MismatchedInputException", "UnrecognizedPropertyException", "time.ParseError"],
      ...["InvalidFormatException", "MethodArgumentNotValidException", "SAXParseException"],
      ...["MalformedURLException", "URISyntaxException", "YAMLException", "ParserError"],
      ...["DataError", "IntegrityError", "DataIntegrityViolationException", "Utf8Error"],
      ...["DuplicateKeyException", "MissingSchema", "InvalidURL", "InvalidSchema"],
    ],
    typeParts: ["*validation*", "*validator*", "*constraintviolation*", "*schemaerror*"],
    codes: ["InvalidArgument", "ERR_VALIDATION", "ERR_INVALID_URL"],
    text: [
      ...["validation failed", "validation error*", "failed validation", "does not validate"],
      ...["schema validation", "does not match schema", "is a required property"],
      ...["missing required", "required field", "field required", "field is required"],
      ...["must be a valid", "is not a valid", "invalid literal for", "invalid input syntax"],
      ...["not valid json", "in json at position", "end of json input", "invalid json"],
      ...["malformed json", "failed to parse json", "cannot unmarshal", "json parse error"],
      ...["could not parse", "cannot deserialize", "failed to deserialize", "missing field"],
      ...["unknown field", "unknown variant", "invalid type", "invalid character"],
      ...["bad request", "unprocessable entity", "invalid argument", "invalid payload"],
      ...["malformed request", "invalid format", "invalid email*", "codec can t decode"],
      ...["violates not null constraint", "violates check constraint"],
      ...["violates foreign key constraint", "violates unique constraint", "duplicate key"],
      ...["payload too large", "request entity too large", "unsupported media type"],
    ],
  },
  {
    reason: "PLUGIN_ERROR",
    types: ["ExtensionError"],
    typeParts: ["*plugin*"],
    text: [
      "plugin",
      "plugins",
      "extension failed",
      "wasm trap",
      "unreachable instruction executed",
    ],
  },
  {
    reason: "WEBHOOK_FAILED",
    http: [402, 404, 409, 410, 412, 421, 423, 424, 425, 428, 451, 500, 501, 502, 503, 505, 520],
    typeParts: ["*webhook*", "*badgateway*", "*serviceunavailable*", "*internalservererror*"],
    text: [
      ...["webhook", "webhooks", "callback url", "bad gateway", "service unavailable"],
      ...["internal server error", "endpoint returned"],
    ],
  },
  {
    reason: "EXECUTION_FAILED",
    grpc: [12, 13],
    types: [
      ...["TypeError", "ReferenceError", "RangeError", "SyntaxError", "EvalError"],
      ...["AssertionError", "AttributeError", "NameError", "UnboundLocalError", "IndexError"],
      ...["KeyError", "LookupError", "ZeroDivisionError", "ArithmeticError", "OverflowError"],
      ...["FloatingPointError", "RecursionError", "NotImplementedError", "ImportError"],
      ...["ModuleNotFoundError", "IndentationError", "StopIteration", "FileNotFoundError"],
      ...["CalledProcessError", "NullPointerException", "IllegalStateException"],
      ...["IndexOutOfBoundsException", "ArrayIndexOutOfBoundsException", "ClassCastException"],
      ...["StringIndexOutOfBoundsException", "ArithmeticException", "StackOverflowError"],
      ...["ConcurrentModificationException", "UnsupportedOperationException"],
      ...["NoSuchElementException", "NoSuchMethodError", "NoClassDefFoundError"],
      ...["ClassNotFoundException", "NegativeArraySizeException", "ArrayStoreException"],
      ...["runtime.Error", "runtime.boundsError", "runtime.plainError", "exec.ExitError"],
      ...["runtime.TypeAssertionError", "PanicException", "JoinError"],
      ...["NoMethodError", "NullReferenceException", "InvalidOperationException"],
    ],
    codes: ["ENOENT", "ERR_ASSERTION", "MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND", "ENOEXEC"],
    text: [
      ...["nil pointer dereference", "index out of range", "index out of bounds"],
      ...["is not a function", "is not defined", "cannot read properties of", "panicked at"],
      ...["called option unwrap on a none value", "called result unwrap on an err value"],
      ...["list index out of range", "division by zero", "divide by zero", "by zero"],
      ...["maximum call stack size exceeded", "maximum recursion depth exceeded"],
      ...["segmentation fault", "core dumped", "assertion failed", "stack overflow"],
      ...["invalid memory address", "runtime error", "has no attribute", "sigsegv"],
      ...["object is not callable", "exited with code", "exit status", "nullpointerexception"],
      ...["cannot find module", "no module named", "unhandled exception", "not implemented"],
    ],
  },
];

/** A type whose meaning depends on a word of the message: asked before the columns above. */
export const TYPE_EXCEPTIONS: readonly { type: string; text: string; reason: Reason }[] = [
  // fetch reports every network failure as a TypeError.
  { type: "TypeError", text: "fetch failed", reason: "NETWORK_ERROR" },
  { type: "TypeError", text: "failed to fetch", reason: "NETWORK_ERROR" },
  { type: "TypeError", text: "networkerror when attempting", reason: "NETWORK_ERROR" },
  // JSON.parse throws what a wrong program throws, too.
  { type: "SyntaxError", text: "json", reason: "VALIDATION_FAILED" },
  { type: "TypeError", text: "invalid url", reason: "VALIDATION_FAILED" },
  { type: "RangeError", text: "invalid time value", reason: "VALIDATION_FAILED" },
  // The pool was full: Hikari's "Connection is not available, request timed out".
  {
    type: "SQLTransientConnectionException",
    text: "connection is not available",
    reason: "RESOURCE_EXHAUSTED",
  },
  // SQLAlchemy's own TimeoutError.
  { type: "TimeoutError", text: "queuepool limit", reason: "RESOURCE_EXHAUSTED" },
  // A handle used too late, not a bad value.
  { type: "ValueError", text: "closed file", reason: "EXECUTION_FAILED" },
];
