// Categorizes real failures: those of test/golden/collect, each with the reason that an operator
// would give. docs/reference/categorization.md explains how to add one.

import { describe, expect, it, test } from "vitest";
import { categorize } from "../../src/core/categorize.ts";
import { REASONS, type Reason } from "../../src/core/reason.ts";
import { readDocument, tableRows } from "../docs/markdown.ts";
import { type GoldenFailure, goldenFailures } from "../golden/failures.ts";
import { cpuCostMs } from "../support/cpu-cost.ts";

const LANGUAGES = ["javascript", "python", "go", "java", "rust"] as const;
type Language = (typeof LANGUAGES)[number];

const GOLDEN = LANGUAGES.map((language) => ({ language, failures: goldenFailures(language) }));
const ALL = GOLDEN.flatMap(({ failures }) => failures);

/** The largest share of failures that may be listed below. */
const MAX_MISSED_SHARE = 0.03;

/** Failures without evidence, or with evidence of another cause, and their result. */
const MISSED: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  javascript: {
    "fetch: redirected in a circle": "only `fetch failed`",
    "ioredis: connecting too slow": "only `Connection is closed.`",
  },
  python: {
    "aiohttp: another protocol": "a status of 400 that nobody sent",
    "ftplib: another protocol": "only `EOFError`",
    "imaplib: another protocol": "words of its own",
    "kafka: refused": "a timeout",
  },
  go: {
    "grpc: cut": "the status INTERNAL",
    "io: end of file": "the same as a connection that ends",
    "mysql: no answer": "only `invalid connection`",
    "net: an address without a port, outermost type": "an operation of the network",
    "redis: another protocol": "words of its own",
  },
  java: {
    "HttpClient: a body that was cut": "two numbers of bytes",
    "OkHttp: calling too slow, root cause": "only `Socket closed`",
    "OkHttp: reading too slow, root cause": "as above",
    "hikari: a database that is down": "the same as a full pool",
    "hikari: a full pool, root cause": "an exception without words, of the wrong kind",
    "io: end of file": "the same as a connection that ends",
    "jedis: connecting too slow": "only `Failed to connect`",
    "lettuce: a wrong password": "only `Unable to connect`",
    "lettuce: connecting too slow": "as above",
    "lettuce: no answer to the handshake": "as above",
    "mysql: no answer": "only `Communications link failure`",
  },
  rust: {
    "redis: another protocol": "a parse error of its own",
    "redis: another protocol, as Debug": "as above",
    "tokio-postgres: hung up, as Debug": "only `Closed`",
    "tonic: http503": "the status INTERNAL",
    "tonic: http503, as Debug": "as above",
  },
};

const reasonOf = ({ type, message, grpc_code, http_status }: GoldenFailure): Reason =>
  categorize({ type, message, grpcCode: grpc_code, httpStatus: http_status });

describe.each(GOLDEN)("$language", ({ language, failures }) => {
  test("every failure gets its reason, except those without evidence", () => {
    const missed = failures.filter((failure) => reasonOf(failure) !== failure.reason);
    const right = failures.length - missed.length;
    const share = ((100 * right) / failures.length).toFixed(1);
    process.stdout.write(`${language}: ${right} of ${failures.length} reasons, ${share} %\n`);
    expect(missed.map(({ name }) => name).toSorted()).toEqual(
      Object.keys(MISSED[language]).toSorted(),
    );
  });

  test("each has a unique name and a valid reason", () => {
    const names = failures.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(failures.filter(({ reason }) => !(reason in REASONS))).toEqual([]);
  });

  test("no failure contains data of the machine or the time", () => {
    const traces = /127\.0\.0\.1:[1-9]|\/(?:tmp|home|root|work)\/\w|0x[0-9a-f]{6}/;
    expect(failures.filter(({ type, message }) => traces.test(`${type} ${message}`))).toEqual([]);
  });
});

it("has at least 200 failures and few misses", () => {
  const missed = LANGUAGES.flatMap((language) => Object.keys(MISSED[language]));
  expect(ALL.length).toBeGreaterThanOrEqual(200);
  expect(missed.length / ALL.length).toBeLessThanOrEqual(MAX_MISSED_SHARE);
});

test("docs/reference/categorization.md has these figures", () => {
  const shareOf = (failures: readonly GoldenFailure[]) => {
    const right = failures.filter((failure) => reasonOf(failure) === failure.reason).length;
    const count = failures.length.toLocaleString("en-US");
    return [count, `${((100 * right) / failures.length).toFixed(1)} %`];
  };
  const rows = tableRows(readDocument("docs/reference/categorization.md"), "runtime");
  expect(rows.map((row) => row.slice(1))).toEqual(
    [...GOLDEN.map(({ failures }) => failures), ALL].map(shareOf),
  );
});

test("with less evidence it returns UNKNOWN_ERROR, rarely another reason", () => {
  const bare = ALL.map((failure) => {
    const type = failure.type.replace(/ \[[\w ]+\]$/, "");
    return { failure, said: categorize({ type, message: failure.message }) };
  });
  const wrong = bare.filter(
    ({ failure, said }) => ![failure.reason, "UNKNOWN_ERROR"].includes(said),
  );
  const right = bare.filter(({ failure, said }) => said === failure.reason);
  expect(wrong.length / ALL.length).toBeLessThanOrEqual(MAX_MISSED_SHARE);
  expect(right.length / ALL.length).toBeGreaterThan(0.9);
});

it("does not need the case of a type's sendRequests", () => {
  const changed = ALL.filter(
    (failure) => reasonOf({ ...failure, type: failure.type.toUpperCase() }) !== reasonOf(failure),
  );
  expect(changed.map(({ name }) => name)).toEqual([]);
});

it("takes less than 20 us a failure", () => {
  const ROUNDS = 20;
  const all = () => {
    for (let round = 0; round < ROUNDS; round++) for (const failure of ALL) reasonOf(failure);
  };
  expect((1_000 * cpuCostMs(all)) / (ROUNDS * ALL.length)).toBeLessThan(20);
});

describe("misleading words", () => {
  test.each<[reason: Reason, type: string, message: string]>([
    // Words in paths are not evidence.
    ["NETWORK_ERROR", "Error", "connect ECONNREFUSED /run/permission denied/timed out.sock"],
    [
      "NETWORK_ERROR",
      "requests.exceptions.ConnectionError",
      "HTTPConnectionPool(host='x', port=80): Max retries exceeded with url: /unauthorized/forbidden",
    ],
    ["WEBHOOK_FAILED", "Error", "GET https://x/timed/out/rate/limit returned status code 503"],
    ["EXECUTION_FAILED", "*fs.PathError", "open /etc/timeout/of.json: no such file or directory"],
    // The type names the action, the message the object.
    ["EXECUTION_FAILED", "TypeError", "Cannot read properties of undefined (reading 'timeout')"],
    ["EXECUTION_FAILED", "AttributeError", "'Order' object has no attribute 'access denied'"],
    ["EXECUTION_FAILED", "KeyError", "'connection refused'"],
    ["EXECUTION_FAILED", "AssertionError", "expected 'ECONNREFUSED' to equal 'ETIMEDOUT'"],
    ["VALIDATION_FAILED", "ValidationError", '"timeout" must be greater than 0: timeout exceeded'],
    ["VALIDATION_FAILED", "ValueError", "rate limit must not be negative"],
    ["VALIDATION_FAILED", "com.google.gson.JsonSyntaxException", "IllegalStateException: null"],
    // A certificate's signature is not one of our credentials.
    [
      "NETWORK_ERROR",
      "x509.UnknownAuthorityError",
      "x509: certificate signed by unknown authority (x509: invalid signature)",
    ],
    // A lost connection may have a reason.
    ["TIMEOUT", "*net.OpError", "dial tcp 10.0.0.5:443: i/o timeout"],
    ["TIMEOUT", "AxiosError [ECONNABORTED]", "timeout of 5000ms exceeded"],
    ["TIMEOUT", "TypeError [UND_ERR_HEADERS_TIMEOUT]", "fetch failed"],
    ["AUTHENTICATION_ERROR", "RedisConnectionException", "WRONGPASS invalid username-password"],
    // A named cause is stronger than other words.
    [
      "VALIDATION_FAILED",
      "java.lang.RuntimeException",
      "request timed out was expected, got java.lang.NumberFormatException: five",
    ],
    // Numbers and names that only look like evidence.
    ["UNKNOWN_ERROR", "Error", "order 42601 is late"],
    ["UNKNOWN_ERROR", "Error", "no orders due to a seasonal slowdown"],
    ["UNKNOWN_ERROR", "Error", "Unsupported state or unable to authenticate data"],
    ["UNKNOWN_ERROR", "Error", "Errors and exceptions: none"],
  ])("%s: %s %s", (reason, type, message) => {
    expect(categorize({ type, message })).toBe(reason);
  });
});

describe("a named cause overrides a broad status", () => {
  test.each<[reason: Reason, status: number, type: string, message: string]>([
    ["RESOURCE_EXHAUSTED", 400, "ThrottlingException", "Rate exceeded"],
    ["AUTHENTICATION_ERROR", 400, "Error", "api error ExpiredTokenException: expired"],
    ["TIMEOUT", 400, "Error", "An error occurred (RequestTimeout)"],
    ["UNKNOWN_ERROR", 400, "ConditionalCheckFailedException", "The conditional request failed"],
    ["RESOURCE_EXHAUSTED", 503, "ClientError", "An error occurred (SlowDown)"],
    ["RESOURCE_EXHAUSTED", 403, "ApiError", "userRateLimitExceeded"],
    // Words are not names, and an endpoint's own error stays WEBHOOK_FAILED.
    ["VALIDATION_FAILED", 400, "Error", "the field timed out must be a number"],
    ["VALIDATION_FAILED", 400, "TypeError", "x"],
    ["WEBHOOK_FAILED", 503, "Error", "upstream: ECONNREFUSED"],
    // Of a server only its limits, and errors of our query.
    ["RESOURCE_EXHAUSTED", 500, "ThrottlingException", "Rate exceeded"],
    ["RESOURCE_EXHAUSTED", 502, "ThrottledException", "no"],
    ["TIMEOUT", 500, "Error", "<Code>OperationTimedOut</Code>"],
    ["WEBHOOK_FAILED", 503, "*oauth2.RetrieveError", "no"],
    ["EXECUTION_FAILED", 404, "ShopError", "no (UNKNOWN_TABLE)"],
    ["EXECUTION_FAILED", 400, "ShopError", 'Cannot query field "x" on type "Order"'],
    ["VALIDATION_FAILED", 500, "Error", "soap:Client: no order"],
    ["WEBHOOK_FAILED", 500, "Error", "soap:Server: no order"],
    ["WEBHOOK_FAILED", 404, "ResourceNotFoundException", "no"],
    ["WEBHOOK_FAILED", 409, "ConflictException", "no"],
    ["UNKNOWN_ERROR", 409, "ResponseError", "version_conflict_engine_exception: no"],
    ["VALIDATION_FAILED", 422, "ThrottlingException", "Rate exceeded"],
  ])("%s: HTTP %i, %s %s", (reason, httpStatus, type, message) => {
    expect(categorize({ type, message, httpStatus })).toBe(reason);
  });
});
