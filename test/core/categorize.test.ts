import { describe, expect, it, test } from "vitest";
import { CATEGORIES } from "../../src/core/categories.ts";
import { categorize, type UncategorizedFailure } from "../../src/core/categorize.ts";
import { createPhraseMatcher } from "../../src/core/phrase-matcher.ts";
import { REASONS, type Reason } from "../../src/core/reason.ts";
import { cpuCostMs } from "../support/cpu-cost.ts";

/** Failures as real runtimes and libraries report them. */
const EXAMPLES: readonly [reason: Reason, type: string, message: string][] = [
  // JavaScript
  ["NETWORK_ERROR", "Error", "connect ECONNREFUSED 127.0.0.1:5432"],
  ["NETWORK_ERROR", "Error", "getaddrinfo ENOTFOUND api.example.com"],
  ["NETWORK_ERROR", "Error", "read ECONNRESET"],
  ["NETWORK_ERROR", "Error", "socket hang up"],
  ["NETWORK_ERROR", "TypeError", "fetch failed"],
  ["NETWORK_ERROR", "SocketError", "other side closed"],
  [
    "NETWORK_ERROR",
    "Error",
    "Client network socket disconnected before secure TLS connection was established",
  ],
  ["NETWORK_ERROR", "Error", "14 UNAVAILABLE: No connection established. Last error: null"],
  ["TIMEOUT", "Error", "connect ETIMEDOUT 10.0.0.1:443"],
  ["TIMEOUT", "AxiosError", "timeout of 5000ms exceeded"],
  ["TIMEOUT", "TimeoutError", "The operation was aborted due to timeout"],
  ["TIMEOUT", "ConnectTimeoutError", "Connect Timeout Error"],
  ["NETWORK_ERROR", "httpx.ConnectError", "All connection attempts failed"],
  ["TIMEOUT", "ConnectError", "[deadline_exceeded] the operation timed out"],
  ["WEBHOOK_FAILED", "AxiosError", "Request failed with status code 503"],
  ["RESOURCE_EXHAUSTED", "AxiosError", "Request failed with status code 429"],
  ["AUTHENTICATION_ERROR", "AxiosError", "Request failed with status code 401"],
  ["VALIDATION_FAILED", "SyntaxError", "Unexpected token < in JSON at position 0"],
  ["VALIDATION_FAILED", "SyntaxError", "Unexpected end of JSON input"],
  ["VALIDATION_FAILED", "", "unexpected EOF in JSON"],
  ["VALIDATION_FAILED", "ZodError", '[{"code":"invalid_type","path":["name"]}]'],
  ["VALIDATION_FAILED", "ValidationError", '"email" must be a valid email'],
  ["EXECUTION_FAILED", "TypeError", "Cannot read properties of undefined (reading 'timeout')"],
  ["EXECUTION_FAILED", "", "ReferenceError: foo is not defined"],
  ["EXECUTION_FAILED", "RangeError", "Maximum call stack size exceeded"],
  ["AUTHENTICATION_ERROR", "TokenExpiredError", "jwt expired"],
  ["RESOURCE_EXHAUSTED", "Error", "EMFILE: too many open files, open '/tmp/x'"],
  ["RESOURCE_EXHAUSTED", "ReplyError", "OOM command not allowed when used memory > 'maxmemory'."],
  ["EXECUTION_FAILED", "Error", "ENOENT: no such file or directory, open '/etc/x'"],
  // A type that ends in ExecutionError, as services name their own.
  ["EXECUTION_FAILED", "ActionExecutionError", "step 3 failed"],
  // Java's AWS client.
  [
    "AUTHENTICATION_ERROR",
    "software.amazon.awssdk.core.exception.SdkClientException",
    "Unable to load AWS credentials from any provider in the chain",
  ],
  // Python
  [
    "NETWORK_ERROR",
    "requests.exceptions.ConnectionError",
    "HTTPSConnectionPool(host='x', port=443): Max retries exceeded",
  ],
  ["NETWORK_ERROR", "ConnectionRefusedError", "[Errno 111] Connection refused"],
  [
    "NETWORK_ERROR",
    "aiohttp.client_exceptions.ClientConnectorError",
    "Cannot connect to host x:443",
  ],
  [
    "NETWORK_ERROR",
    "ssl.SSLZeroReturnError",
    "TLS/SSL connection has been closed (EOF) (_ssl.c:1006)",
  ],
  ["NETWORK_ERROR", "socket.gaierror", "[Errno -2] Name or service not known"],
  ["NETWORK_ERROR", "OSError", "[Errno 101] Network is unreachable"],
  [
    "TIMEOUT",
    "requests.exceptions.ReadTimeout",
    "HTTPSConnectionPool(host='x', port=443): Read timed out.",
  ],
  ["TIMEOUT", "asyncio.TimeoutError", ""],
  ["TIMEOUT", "billiard.exceptions.SoftTimeLimitExceeded", "SoftTimeLimitExceeded()"],
  ["RESOURCE_EXHAUSTED", "httpx.PoolTimeout", ""],
  [
    "RESOURCE_EXHAUSTED",
    "sqlalchemy.exc.TimeoutError",
    "QueuePool limit of size 5 overflow 10 reached, connection timed out",
  ],
  ["RESOURCE_EXHAUSTED", "MemoryError", ""],
  ["RESOURCE_EXHAUSTED", "openai.RateLimitError", "You exceeded your current quota"],
  [
    "WEBHOOK_FAILED",
    "requests.exceptions.HTTPError",
    "500 Server Error: Internal Server Error for url: https://x/hook",
  ],
  [
    "AUTHENTICATION_ERROR",
    "requests.exceptions.HTTPError",
    "401 Client Error: Unauthorized for url: https://x/hook",
  ],
  ["WEBHOOK_FAILED", "urllib.error.HTTPError", "HTTP Error 404: Not Found"],
  [
    "VALIDATION_FAILED",
    "json.decoder.JSONDecodeError",
    "Expecting value: line 1 column 1 (char 0)",
  ],
  [
    "VALIDATION_FAILED",
    "pydantic_core._pydantic_core.ValidationError",
    "1 validation error for User",
  ],
  ["VALIDATION_FAILED", "ValueError", "invalid literal for int() with base 10: 'abc'"],
  ["EXECUTION_FAILED", "KeyError", "'user_id'"],
  ["EXECUTION_FAILED", "AttributeError", "'NoneType' object has no attribute 'timeout'"],
  ["EXECUTION_FAILED", "ZeroDivisionError", "division by zero"],
  ["AUTHENTICATION_ERROR", "PermissionError", "[Errno 13] Permission denied: '/data/x'"],
  [
    "AUTHENTICATION_ERROR",
    "botocore.exceptions.ClientError",
    "An error occurred (AccessDenied) when calling PutObject: Access Denied",
  ],
  [
    "AUTHENTICATION_ERROR",
    "psycopg.OperationalError",
    'FATAL: password authentication failed for user "app"',
  ],
  // Go
  ["NETWORK_ERROR", "*net.OpError", "dial tcp 127.0.0.1:6379: connect: connection refused"],
  ["NETWORK_ERROR", "*url.Error", 'Get "https://x": dial tcp: lookup x: no such host'],
  ["NETWORK_ERROR", "*errors.errorString", "write tcp 10.0.0.1:1->10.0.0.2:2: write: broken pipe"],
  [
    "NETWORK_ERROR",
    "*url.Error",
    "tls: failed to verify certificate: x509: certificate signed by unknown authority",
  ],
  ["TIMEOUT", "context.deadlineExceededError", "context deadline exceeded"],
  ["TIMEOUT", "*fmt.wrapError", "query users: context deadline exceeded"],
  [
    "TIMEOUT",
    "*url.Error",
    'Get "https://x": net/http: request canceled (Client.Timeout exceeded while awaiting headers)',
  ],
  ["NETWORK_ERROR", "*status.Error", "rpc error: code = Unavailable desc = connection error"],
  [
    "VALIDATION_FAILED",
    "*json.SyntaxError",
    "invalid character '<' looking for beginning of value",
  ],
  [
    "VALIDATION_FAILED",
    "*json.UnmarshalTypeError",
    "json: cannot unmarshal string into Go struct field",
  ],
  [
    "VALIDATION_FAILED",
    "validator.ValidationErrors",
    "Key: 'User.Email' Error:Field validation for 'Email' failed",
  ],
  ["VALIDATION_FAILED", "*strconv.NumError", 'strconv.Atoi: parsing "abc": invalid syntax'],
  [
    "EXECUTION_FAILED",
    "runtime.boundsError",
    "runtime error: index out of range [3] with length 3",
  ],
  [
    "EXECUTION_FAILED",
    "",
    "panic: runtime error: invalid memory address or nil pointer dereference",
  ],
  ["AUTHENTICATION_ERROR", "*status.Error", "rpc error: code = PermissionDenied desc = no"],
  // Java
  ["TIMEOUT", "java.net.SocketTimeoutException", "Read timed out"],
  [
    "TIMEOUT",
    "java.util.concurrent.ExecutionException",
    "java.util.concurrent.TimeoutException: after 5 s",
  ],
  ["NETWORK_ERROR", "java.net.ConnectException", "Connection refused (Connection refused)"],
  ["NETWORK_ERROR", "java.net.UnknownHostException", "api.example.com"],
  ["NETWORK_ERROR", "javax.net.ssl.SSLHandshakeException", "PKIX path building failed"],
  ["RESOURCE_EXHAUSTED", "java.lang.OutOfMemoryError", "Java heap space"],
  [
    "RESOURCE_EXHAUSTED",
    "java.util.concurrent.RejectedExecutionException",
    "Task rejected from ThreadPoolExecutor",
  ],
  [
    "RESOURCE_EXHAUSTED",
    "java.sql.SQLTransientConnectionException",
    "HikariPool-1 - Connection is not available, request timed out after 30000ms.",
  ],
  [
    "RESOURCE_EXHAUSTED",
    "org.springframework.web.client.HttpClientErrorException$TooManyRequests",
    "429",
  ],
  [
    "AUTHENTICATION_ERROR",
    "org.springframework.security.access.AccessDeniedException",
    "Access is denied",
  ],
  ["VALIDATION_FAILED", "java.lang.IllegalArgumentException", "amount must be positive"],
  [
    "VALIDATION_FAILED",
    "com.fasterxml.jackson.core.JsonParseException",
    "Unrecognized token 'abc'",
  ],
  [
    "VALIDATION_FAILED",
    "jakarta.validation.ConstraintViolationException",
    "name: must not be blank",
  ],
  ["EXECUTION_FAILED", "java.lang.NullPointerException", 'Cannot invoke "String.length()"'],
  ["EXECUTION_FAILED", "java.lang.IllegalStateException", "closed"],
  // Rust
  [
    "NETWORK_ERROR",
    "std::io::Error",
    'Os { code: 111, kind: ConnectionRefused, message: "Connection refused" }',
  ],
  [
    "NETWORK_ERROR",
    "reqwest::Error",
    "error sending request for url (https://x/): error trying to connect: tcp connect error",
  ],
  ["TIMEOUT", "tokio::time::error::Elapsed", "deadline has elapsed"],
  ["TIMEOUT", "reqwest::Error", "error sending request for url (https://x/): operation timed out"],
  ["VALIDATION_FAILED", "serde_json::Error", "missing field `name` at line 1 column 2"],
  [
    "RESOURCE_EXHAUSTED",
    "sqlx::Error::PoolTimedOut",
    "pool timed out while waiting for an open connection",
  ],
  ["EXECUTION_FAILED", "", "thread 'main' panicked at src/main.rs:4:5"],
  // Any
  ["PLUGIN_ERROR", "PluginError", "transform failed"],
  ["PLUGIN_ERROR", "Error", "plugin geo-lookup threw"],
  ["WEBHOOK_FAILED", "WebhookDeliveryError", "gave up"],
  ["WEBHOOK_FAILED", "Error", "Webhook returned an error"],
  ["TIMEOUT", "Error", "webhook delivery timed out"],
];

test.each(EXAMPLES)("%s: %s %s", (reason, type, message) => {
  expect(categorize({ type, message })).toBe(reason);
});

describe("an ambiguous failure is UNKNOWN_ERROR", () => {
  test.each([
    ["", ""],
    ["Error", "boom"],
    ["Exception", "something went wrong"],
    ["RuntimeError", "failed"],
    ["java.lang.RuntimeException", "failed"],
    ["*errors.errorString", "order 503 is late"],
    ["AbortError", "This operation was aborted"],
    ["asyncio.CancelledError", ""],
    ["Error", "404 items were skipped"],
    ["Error", "set a longer timeout in the settings"],
    ["Error", "status: 200"],
    ["constructor", "toString"],
    ["__proto__", "hasOwnProperty"],
    ["::$$..", "***"],
    ["Fehler", "Zeitüberschreitung"],
  ])("%j %j", (type, message) => {
    expect(categorize({ type, message })).toBe("UNKNOWN_ERROR");
  });
});

describe("codes", () => {
  test.each<[number, Reason]>([
    [3, "VALIDATION_FAILED"],
    [4, "TIMEOUT"],
    [7, "AUTHENTICATION_ERROR"],
    [8, "RESOURCE_EXHAUSTED"],
    [12, "EXECUTION_FAILED"],
    [13, "EXECUTION_FAILED"],
    [14, "NETWORK_ERROR"],
    [16, "AUTHENTICATION_ERROR"],
    [2, "UNKNOWN_ERROR"],
    [5, "UNKNOWN_ERROR"],
    [99, "UNKNOWN_ERROR"],
  ])("gRPC %i is %s", (grpcCode, reason) => {
    expect(categorize({ type: "", message: "", grpcCode })).toBe(reason);
  });

  test.each<[number, Reason]>([
    [200, "UNKNOWN_ERROR"],
    [302, "WEBHOOK_FAILED"],
    [400, "VALIDATION_FAILED"],
    [401, "AUTHENTICATION_ERROR"],
    [403, "AUTHENTICATION_ERROR"],
    [404, "WEBHOOK_FAILED"],
    [408, "TIMEOUT"],
    [410, "WEBHOOK_FAILED"],
    [418, "WEBHOOK_FAILED"],
    [422, "VALIDATION_FAILED"],
    [429, "RESOURCE_EXHAUSTED"],
    [500, "WEBHOOK_FAILED"],
    [502, "WEBHOOK_FAILED"],
    [503, "WEBHOOK_FAILED"],
    [504, "TIMEOUT"],
    [599, "TIMEOUT"],
    [600, "UNKNOWN_ERROR"],
  ])("HTTP %i is %s", (httpStatus, reason) => {
    expect(categorize({ type: "", message: "", httpStatus })).toBe(reason);
  });
});

describe("a gRPC status at the start of a message", () => {
  test.each<[reason: Reason, type: string, message: string]>([
    ["NETWORK_ERROR", "io.grpc.StatusRuntimeException", "UNAVAILABLE: io exception"],
    [
      "AUTHENTICATION_ERROR",
      "java.util.concurrent.ExecutionException",
      "io.grpc.StatusRuntimeException: UNAUTHENTICATED: token expired",
    ],
    ["NETWORK_ERROR", "*connect.Error", "unavailable: server is shutting down"],
    ["VALIDATION_FAILED", "*connect.Error", "invalid_argument: order_id must not be empty"],
    ["UNKNOWN_ERROR", "*connect.Error", "not_found: order 17 not found"],
    ["UNKNOWN_ERROR", "Error", "the item is unavailable: sold out"],
  ])("%s: %s %s", (reason, type, message) => {
    expect(categorize({ type, message })).toBe(reason);
  });
});

describe("a library that the table does not list", () => {
  test.each<[reason: Reason, type: string, message: string]>([
    // The parts of its names.
    ["RESOURCE_EXHAUSTED", "shop.pool.EmptyPoolException", "no"],
    ["AUTHENTICATION_ERROR", "shop::LogonFailure", "no"],
    ["NETWORK_ERROR", "*shop.PrematureCloseError", "no"],
    ["VALIDATION_FAILED", "shop.OrderParsingFailure", "no"],
    ["EXECUTION_FAILED", "shop.BeanDefinitionException", "no"],
    ["UNKNOWN_ERROR", "shop.WriteConflictException", "the timeout is 5 s"],
    // Its name counts even if the code in its type says nothing.
    ["EXECUTION_FAILED", "TypeError [ERR_SHOP]", "no"],
    // Go: every SyntaxError is one of a text. Elsewhere it may be one of the code.
    ["VALIDATION_FAILED", "*shop.SyntaxError", "no"],
    ["EXECUTION_FAILED", "shop.errors.SyntaxError", "no"],
    // A package is not a name.
    ["UNKNOWN_ERROR", "shop.plugins.OrderException", "no"],
    // Variants of Rust's enums, and names of Elasticsearch.
    ["NETWORK_ERROR", "shop::Error", "Io(Kind(ConnectionReset))"],
    ["AUTHENTICATION_ERROR", "shop::Error", "ExpiredSignature"],
    ["RESOURCE_EXHAUSTED", "ResponseError", "es_rejected_execution_exception: no"],
    // A timeout in a place where it is the failure.
    ["TIMEOUT", "Error", "shop: timeout"],
    ["TIMEOUT", "Error", "Timeout: the shop is slow"],
    // A client calls it a timeout if its pool is full.
    ["RESOURCE_EXHAUSTED", "shop.TimeoutError", "no free connection in 5 s"],
    ["NETWORK_ERROR", "*errors.errorString", "handshake: EOF"],
    ["VALIDATION_FAILED", "ConnectError", "[invalid_argument] no"],
    // A status in other words.
    ["WEBHOOK_FAILED", "Error", "shopapi: Error 503: no"],
    ["AUTHENTICATION_ERROR", "Error", "Error code: 401 - {'error': 'no'}"],
    ["UNKNOWN_ERROR", "Error", "returned 404 orders"],
    // A code is stronger than a type.
    ["EXECUTION_FAILED", "*shop.ConnectError", "server error (SQLSTATE 3D000)"],
  ])("%s: %s %s", (reason, type, message) => {
    expect(categorize({ type, message })).toBe(reason);
  });
});

describe("a parser that refuses a text", () => {
  test.each<[reason: Reason, type: string, message: string]>([
    // Code: templates, queries, regular expressions, expressions.
    ["EXECUTION_FAILED", "ParseError", "tag {% if a %} not closed, line:1, col:1"],
    ["EXECUTION_FAILED", "Error", "Lexical error on line 1. Unrecognized text.\n{{#if\n--^"],
    ["EXECUTION_FAILED", "shop.ParserException", 'Parser Error: syntax error at or near "SELCT"'],
    ["EXECUTION_FAILED", "java.util.regex.PatternSyntaxException", "Unclosed group near index 2"],
    ["EXECUTION_FAILED", "re.error", "unterminated character set at position 0"],
    ["EXECUTION_FAILED", "jmespath.exceptions.ParseError", "Invalid jmespath expression"],
    ["EXECUTION_FAILED", "*syntax.Error", "error parsing regexp: missing closing ): `(a`"],
    ["EXECUTION_FAILED", "graphql.parser.InvalidSyntaxException", "offending token '<EOF>'"],
    ["EXECUTION_FAILED", "*shop.Error", "Unexpected EOF, expected tag elif or else or endif."],
    ["EXECUTION_FAILED", "Error", "found: '<EOF>', expected: '{{/'\n{{#if a}}"],
    // Values.
    ["VALIDATION_FAILED", "shop.ParseError", "unexpected token in the JSON document"],
    ["VALIDATION_FAILED", "ParseError", "no date: soon"],
    ["VALIDATION_FAILED", "com.ctc.wstx.exc.WstxEOFException", "Unexpected EOF in element <id>"],
    ["VALIDATION_FAILED", "Error", "Invalid cron expression"],
    ["VALIDATION_FAILED", "GraphQLError", 'Variable "$id" got invalid value "x"'],
    ["VALIDATION_FAILED", "*errors.errorString", "avro: decoding int: EOF"],
    ["VALIDATION_FAILED", "py7zr.exceptions.Bad7zFile", "not a 7z file"],
    // A language that nobody can tell.
    ["UNKNOWN_ERROR", "*file.Error", "unexpected token EOF (1:3)"],
    ["UNKNOWN_ERROR", "Error", "Unclosed tag at 9"],
    // A token of a login is not one of a text.
    ["AUTHENTICATION_ERROR", "errors.ParseError", "failed to parse token: token is expired"],
    ["AUTHENTICATION_ERROR", "*jwt.ValidationError", "no"],
  ])("%s: %s %s", (reason, type, message) => {
    expect(categorize({ type, message })).toBe(reason);
  });
});

describe("names of services and of their libraries", () => {
  test.each<[reason: Reason, type: string, message: string, code?: string]>([
    ["AUTHENTICATION_ERROR", "ShopError", "An API error occurred: missing_scope"],
    ["WEBHOOK_FAILED", "slack.SlackErrorResponse", "fatal_error"],
    ["UNKNOWN_ERROR", "ShopError", "An API error occurred: channel_not_found"],
    ["UNKNOWN_ERROR", "Error", "a fatal error"],
    // A code that no row lists is a name.
    ["RESOURCE_EXHAUSTED", "S3Error", "no", "SlowDown"],
    ["RESOURCE_EXHAUSTED", "ShopError", "no", "RATE_LIMITED"],
    ["AUTHENTICATION_ERROR", "FirebaseError", "no", "auth/id-token-expired"],
    ["VALIDATION_FAILED", "FirebaseError", "Function f() called: undefined", "invalid-argument"],
    ["RESOURCE_EXHAUSTED", "Neo4jError", "no", "Neo.TransientError.General.OutOfMemoryError"],
    // Packages of a platform name no topic.
    ["UNKNOWN_ERROR", "jakarta.xml.ws.WebServiceException", "no"],
    ["UNKNOWN_ERROR", "shop.connection.ServerError", "no"],
    ["AUTHENTICATION_ERROR", "jwt.exceptions.InvalidAudienceError", "no"],
    // An open breaker does not say why the calls before failed.
    ["UNKNOWN_ERROR", "shop.CircuitBreakerError", "OPEN (last_failure: ValueError('x'))"],
    ["UNKNOWN_ERROR", "javax.crypto.AEADBadTagException", "decryption failed"],
    ["UNKNOWN_ERROR", "ShopError", "Job with that id already exists"],
    ["UNKNOWN_ERROR", "ExecutionError", "unable to achieve a quorum during its retry window"],
    // A value of the program that cannot be encoded.
    ["EXECUTION_FAILED", "orjson.JSONEncodeError", "Type is not JSON serializable: Order"],
    ["EXECUTION_FAILED", "serde_json::error::Error", "key must be a string"],
    ["EXECUTION_FAILED", "*json.UnsupportedValueError", "json: unsupported value: NaN"],
    // A pool, which its client calls a timeout.
    ["RESOURCE_EXHAUSTED", "Error", "timeout: no connection of the pool"],
    ["TIMEOUT", "java.lang.IllegalStateException", "Timeout on blocking read for 3 s"],
    ["VALIDATION_FAILED", "config::error::ConfigError", 'missing configuration field "id"'],
    ["EXECUTION_FAILED", "config::error::ConfigError", 'configuration file "x" not found'],
    // Child processes, and servers.
    ["EXECUTION_FAILED", "Error", "Command failed: false"],
    ["UNKNOWN_ERROR", "Error", "Command failed"],
    ["NETWORK_ERROR", "*textproto.Error", "421 Service not available, closing channel"],
    ["WEBHOOK_FAILED", "shop.TransportException", "The server sent HTTP status code 503"],
  ])("%s: %s %s %s", (reason, type, message, code = "") => {
    expect(categorize({ type, message, attributes: { code } })).toBe(reason);
  });
});

describe("hints", () => {
  test.each<[reason: Reason, type: string, message: string]>([
    ["AUTHENTICATION_ERROR", "Error", "the password of the shop has changed"],
    ["NETWORK_ERROR", "Error", "no TLS"],
    ["VALIDATION_FAILED", "InvalidOrderError", "no"],
    ["VALIDATION_FAILED", "Error", "the order is invalid"],
    // Of a type before those of a message; all other evidence is stronger.
    ["VALIDATION_FAILED", "shop.json.Error", "a password of 3 signs"],
    ["TIMEOUT", "InvalidOrderError", "the check timed out"],
    ["WEBHOOK_FAILED", "Error", "status code 503: invalid"],
    // The name of a host is no evidence.
    ["UNKNOWN_ERROR", "Error", "shop.invalid is slow"],
    ["NETWORK_ERROR", "ConnectionError", "the password of the shop has changed"],
  ])("%s: %s %s", (reason, type, message) => {
    expect(categorize({ type, message })).toBe(reason);
  });
});

describe("codes of attributes", () => {
  test.each<[reason: Reason, type: string, attributes: Readonly<Record<string, string>>]>([
    ["AUTHENTICATION_ERROR", "CannotGetJdbcConnectionException", { sqlstate: "28P01" }],
    ["VALIDATION_FAILED", "org.springframework.dao.DataAccessException", { sqlstate: "23505" }],
    ["RESOURCE_EXHAUSTED", "RestError", { code: "ServerBusy" }],
    // MySQL's states for everything else.
    ["UNKNOWN_ERROR", "java.sql.SQLException", { sqlstate: "HY000" }],
    ["AUTHENTICATION_ERROR", "java.sql.SQLException", { sqlstate: "42000" }],
    ["UNKNOWN_ERROR", "Error", { host: "ECONNREFUSED" }],
  ])("%s: %s %o", (reason, type, attributes) => {
    const message = attributes.sqlstate === "42000" ? "SELECT command denied to user 'app'" : "no";
    expect(categorize({ type, message, attributes })).toBe(reason);
  });

  it("overrides a status that says less", () => {
    const failure = { type: "RestError", message: "no", httpStatus: 503 };
    expect(categorize({ ...failure, attributes: { code: "ServerBusy" } })).toBe(
      "RESOURCE_EXHAUSTED",
    );
  });
});

describe("the stronger evidence wins", () => {
  const all: UncategorizedFailure = {
    reasonNumber: REASONS.PLUGIN_ERROR,
    grpcCode: 4,
    httpStatus: 401,
    type: "ValidationError",
    message: "connect ECONNREFUSED, status code 429: webhook",
  };
  test.each<[string, Partial<UncategorizedFailure>, Reason]>([
    ["the given reason", {}, "PLUGIN_ERROR"],
    ["the gRPC code", { reasonNumber: 0 }, "TIMEOUT"],
    ["a newer client's reason counts as none", { reasonNumber: 4242 }, "TIMEOUT"],
    ["the HTTP status", { reasonNumber: 0, grpcCode: 2 }, "AUTHENTICATION_ERROR"],
    ["the type", { reasonNumber: 0, grpcCode: 2, httpStatus: 0 }, "VALIDATION_FAILED"],
    ["the errno", { reasonNumber: 0, grpcCode: 2, httpStatus: 0, type: "Error" }, "NETWORK_ERROR"],
    [
      "the status in the message",
      {
        reasonNumber: 0,
        grpcCode: 2,
        httpStatus: 0,
        type: "Error",
        message: "status code 429: webhook",
      },
      "RESOURCE_EXHAUSTED",
    ],
    [
      "the words",
      { reasonNumber: 0, grpcCode: 2, httpStatus: 0, type: "Error", message: "webhook" },
      "WEBHOOK_FAILED",
    ],
  ])("%s", (_name, changes, reason) => {
    expect(categorize({ ...all, ...changes })).toBe(reason);
  });
});

it("reads the first 2 KiB of a message", () => {
  const padding = "x ".repeat(1000);
  expect(categorize({ type: "", message: `${padding} timed out` })).toBe("TIMEOUT");
  expect(categorize({ type: "", message: `${padding.repeat(2)} timed out` })).toBe("UNKNOWN_ERROR");
});

it("lists no phrase twice in a column", () => {
  for (const column of ["grpc", "http", "types", "typeParts", "codes", "text", "hints"] as const) {
    const cells = CATEGORIES.flatMap((row) =>
      [...(row[column] ?? [])].map((cell) => String(cell).toLowerCase()),
    );
    expect(
      cells.filter((cell, i) => cells.indexOf(cell) !== i),
      column,
    ).toEqual([]);
  }
});

it("lists no phrase that another one of its row contains", () => {
  for (const { reason, text = [] } of CATEGORIES) {
    const idle = text.filter((phrase) => {
      const others = text.filter((other) => other !== phrase);
      return createPhraseMatcher(others).first(phrase) >= 0;
    });
    expect(idle, reason).toEqual([]);
  }
});

it("is quick: 10,000 failures, all examples and the longest text, within a second", () => {
  const long = "the quick brown fox ".repeat(200);
  const all = () => {
    for (let i = 0; i < 10_000; i++) {
      const example = EXAMPLES[i % EXAMPLES.length];
      const message = i % 2 === 0 ? long : (example?.[2] ?? "");
      categorize({ type: example?.[1] ?? "", message });
    }
  };
  expect(cpuCostMs(all)).toBeLessThan(1_000);
});
