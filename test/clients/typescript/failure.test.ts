// The failure that a thrown value of any kind becomes.

import { once } from "node:events";
import { connect } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { isNonRetryable, retryAfterOf } from "../../../clients/typescript/src/failure.ts";
import {
  failureOf,
  NonRetryableError,
  RetryAfterError,
} from "../../../clients/typescript/src/index.ts";
import { RetryInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import { categorize } from "../../../src/core/categorize.ts";
import { freePort } from "./client.ts";

const reasonOf = (thrown: unknown) => categorize(failureOf(thrown));

class OrderError extends Error {}

describe("the failure of an error", () => {
  it("has the class as its type, also if the class sets no name", () => {
    expect(failureOf(new OrderError("no stock"))).toMatchObject({
      type: "OrderError",
      message: "no stock",
    });
    expect(failureOf(new RangeError("x")).type).toBe("RangeError");
  });

  it("has the code of a refused connection, and is a NETWORK_ERROR", async () => {
    const [error] = await once(connect(await freePort(), "127.0.0.1"), "error").catch(
      (reason: unknown) => [reason],
    );
    const failure = failureOf(error);
    expect(failure.type).toBe("Error [ECONNREFUSED]");
    expect(failure.attributes).toMatchObject({
      code: "ECONNREFUSED",
      syscall: "connect",
      address: "127.0.0.1",
    });
    expect(reasonOf(error)).toBe("NETWORK_ERROR");
  });

  it("gets the reason of the cause if the wrapper has no code", async () => {
    const url = `http://127.0.0.1:${await freePort()}/`;
    const error: unknown = await fetch(url).catch((reason: unknown) => reason);
    expect(failureOf(error).stackTrace).toContain("[cause]: ");
    expect(reasonOf(error)).toBe("NETWORK_ERROR");
    expect(reasonOf(new OrderError("not charged", { cause: error }))).toBe("NETWORK_ERROR");
  });

  it("is EXECUTION_FAILED for a mistake of the program", () => {
    const error = Object.assign(new TypeError("x is not a function"), {
      code: "ERR_INVALID_ARG_TYPE",
    });
    expect(failureOf(error).type).toBe("TypeError");
    expect(reasonOf(error)).toBe("EXECUTION_FAILED");
  });

  it.each([
    ["42P01", 'relation "orders" does not exist', "EXECUTION_FAILED"],
    ["23505", "valeur de clé dupliquée", "VALIDATION_FAILED"],
    ["53300", "sorry, too many clients already", "RESOURCE_EXHAUSTED"],
  ])("has the SQLSTATE %s of PostgreSQL", (code, message, reason) => {
    const error = Object.assign(new Error(message), { name: "error", severity: "ERROR", code });
    expect(failureOf(error)).toMatchObject({
      type: `error [SQLSTATE ${code}]`,
      attributes: { code },
    });
    expect(reasonOf(error)).toBe(reason);
    expect(reasonOf(new OrderError("not stored", { cause: error }))).toBe(reason);
  });

  it("does not take another five-character code as a SQLSTATE", () => {
    const error = Object.assign(new OrderError("no stock"), { code: "42P01" });
    expect(failureOf(error).type).toBe("OrderError");
  });

  it("has the stack traces of all causes and of an AggregateError's errors", () => {
    const cause = new Error("the cause");
    const error = new AggregateError([new OrderError("one"), "two"], "several", { cause });
    const { stackTrace } = failureOf(error);
    expect(stackTrace).toMatch(/^AggregateError: several/);
    expect(stackTrace).toMatch(/\[cause\]: Error: the cause/);
    expect(stackTrace).toMatch(/\[errors\]\[0\]: Error: one/);
    expect(stackTrace).toMatch(/\[errors\]\[1\]: two/);
  });

  it("has the message of the next error if the first has none", () => {
    const error = new AggregateError([new Error("connect ECONNREFUSED ::1:80")]);
    expect(failureOf(error).message).toBe("connect ECONNREFUSED ::1:80");
  });

  it.each([
    ["a ConnectError", new ConnectError("slow", Code.DeadlineExceeded)],
    [
      "an error of grpc-js",
      Object.assign(new Error("4 DEADLINE_EXCEEDED"), { code: 4, details: "", metadata: {} }),
    ],
    [
      "their wrapper",
      new Error("call failed", { cause: new ConnectError("", Code.DeadlineExceeded) }),
    ],
  ])("has the gRPC code of %s", (_, error) => {
    expect(failureOf(error).grpcCode).toBe(4);
    expect(reasonOf(error)).toBe("TIMEOUT");
  });

  it.each([
    ["status", { status: 429 }],
    ["statusCode", { statusCode: 429 }],
    ["response.status", { response: { status: 429 } }],
    ["response.statusCode", { response: { statusCode: 429 } }],
  ])("has the HTTP status of an error's %s", (_, more) => {
    const error = Object.assign(new Error("too many"), more);
    expect(failureOf(error).httpStatus).toBe(429);
    expect(reasonOf(error)).toBe("RESOURCE_EXHAUSTED");
  });

  it.each([
    ["fetch's Headers", { response: { headers: new Headers({ "Retry-After": "120" }) } }],
    ["a plain object", { response: { headers: { "retry-after": "120" } } }],
    ["a plain object as it was sent", { headers: { "Retry-After": "120" } }],
    ["a number", { response: { headers: { "retry-after": 120 } } }],
  ])("has the Retry-After header from %s", (_, more) => {
    const error = Object.assign(new Error("busy"), { status: 503, ...more });
    expect(failureOf(error).attributes["retry-after"]).toBe("120");
    const wrapper = new OrderError("not sent", { cause: error });
    expect(failureOf(wrapper).attributes["retry-after"]).toBe("120");
  });

  it.each([
    ["none", { response: { headers: {} } }],
    ["get is not a function", { headers: { get: "no" } }],
    ["get throws", { headers: { get: () => fail() } }],
  ])("has no retry-after for headers: %s", (_, more) => {
    const { attributes } = failureOf(Object.assign(new Error("busy"), more));
    expect(attributes).not.toHaveProperty("retry-after");
  });

  it("has the retry delay of a gRPC server", () => {
    const error = new ConnectError("busy", Code.ResourceExhausted);
    const retryDelay = { seconds: 90n };
    const value = toBinary(RetryInfoSchema, create(RetryInfoSchema, { retryDelay }));
    error.details = [{ type: "google.rpc.RetryInfo", value }];
    expect(failureOf(error).retryAfter).toMatchObject({ seconds: 90n });
    error.details = [{ type: "google.rpc.RetryInfo", value: new Uint8Array([255]) }];
    expect(failureOf(error).retryAfter).toBeUndefined();
  });

  it.each([450, 550])("does not take a mail server's %i as an HTTP status", (responseCode) => {
    const more = { code: "EENVELOPE", responseCode, response: `${responseCode} no such mailbox` };
    const failure = failureOf(Object.assign(new Error("Can't send mail"), more));
    expect(failure.httpStatus).toBeUndefined();
    expect(failure.type).toBe("Error [EENVELOPE]");
  });

  it("does not take other numbers as a status or a code", () => {
    const failure = failureOf(Object.assign(new Error("x"), { code: 5, status: 7 }));
    expect(failure.grpcCode).toBeUndefined();
    expect(failure.httpStatus).toBeUndefined();
  });

  it("is cut to one character more than the limit, so that the server marks it as cut", () => {
    const failure = failureOf(new Error("x".repeat(100_000)));
    expect(failure.message).toHaveLength(4 * 1024 + 1);
    expect(failure.stackTrace).toHaveLength(16 * 1024 + 1);
  });
});

const circle = new Error("a");
circle.cause = new Error("b", { cause: circle });

const hostile = new Proxy(new Error("x"), {
  get() {
    throw new Error("no");
  },
});

const throwing = Object.defineProperties(new Error("fine"), {
  cause: {
    get: () => {
      throw new Error("no");
    },
  },
  code: {
    get: () => {
      throw new Error("no");
    },
  },
});

describe("any thrown value becomes a failure", () => {
  it.each([
    ["a string", "no stock", "string", "no stock"],
    ["a number", 42, "Number", "42"],
    ["null", null, "object", "null"],
    ["a plain object", { reason: "x" }, "Object", '{"reason":"x"}'],
    ["an object with a message", { message: "no stock" }, "Object", "no stock"],
    ["circular causes", circle, "Error", "a"],
    ["getters that throw", throwing, "Error", "fine"],
  ])("%s", (_, thrown, type, message) => {
    const failure = failureOf(thrown);
    expect(failure.message).toBe(message);
    expect(failure.type.toLowerCase()).toBe(type.toLowerCase());
  });

  it.each([
    ["a proxy that refuses everything", hostile],
    ["a revoked proxy", revoked()],
    [
      "an error whose errors are a revoked proxy",
      Object.assign(new Error("x"), { errors: revoked() }),
    ],
    ["an object without a prototype", Object.create(null)],
    ["a symbol", Symbol("x")],
    ["a function", () => {}],
    ["a lone surrogate", new Error("\ud800")],
  ])("%s does not make it throw", (_, thrown) => {
    const failure = failureOf(thrown);
    expect(failure.message.isWellFormed()).toBe(true);
  });
});

function fail(): never {
  throw new Error("no");
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

it("a cause that is non-retryable, or has a retry time, counts", () => {
  const final = new NonRetryableError("no such order");
  expect(isNonRetryable(new Error("order 42", { cause: final }))).toBe(true);
  expect(isNonRetryable(new AggregateError([final, new Error("x")]))).toBe(false);
  expect(isNonRetryable(new AggregateError([final, final]))).toBe(true);
  const again = Object.assign(new Error("x", { cause: final }), { nonRetryable: false });
  expect(isNonRetryable(again)).toBe(false);
  const circle = new Error("x");
  circle.cause = circle;
  expect(isNonRetryable(circle)).toBe(false);
  expect(retryAfterOf(new Error("x", { cause: new RetryAfterError("busy", 5_000) }))).toBe(5_000);
});
