import { JetStreamApiError } from "@nats-io/jetstream";
import {
  AuthorizationError,
  errors,
  PermissionViolationError,
  TimeoutError,
} from "@nats-io/transport-node";
import { expect, it } from "vitest";
import { NatsError, toNatsError } from "../../src/nats/nats-error.ts";

const target = { at: "nats://a:4222", timeoutMs: 5_000 };

it("shows no secret that a server sends back", () => {
  const sent = 'CONNECT {"user":"bob","pass":"s3cret"}';
  for (const error of [new AuthorizationError(sent), new errors.ConnectionError(sent)])
    expect(toNatsError(error, target).message).toMatch(/^NATS at nats:\/\/a:4222 .* CONNECT …$/);
});

it("cuts what a server sends without an end", () => {
  const { message } = toNatsError(new Error("x".repeat(3_000_000)), target);
  expect(message.length).toBeLessThan(2_000);
});

it("hides user, password and token, also if one is part of another", () => {
  const own = { ...target, secrets: () => ["bob", "", "bob-s3cret"] };
  const sent = "no bob with bob-s3cret";
  for (const error of [
    new AuthorizationError(sent),
    new errors.ConnectionError(sent),
    new JetStreamApiError({ code: 500, err_code: 1, description: sent }),
    Object.assign(new Error(sent), { code: "CERT_HAS_EXPIRED" }),
  ])
    expect(toNatsError(error, own).message).toContain("no *** with ***");
});

it("escapes characters that a terminal obeys", () => {
  const { message } = toNatsError(new Error("a\n\u001b[31mb"), target);
  expect(message).toContain(String.raw`: a\u000a\u001b[31mb`);
  expect(new NatsError({ text: "stream \u009b is full", brief: "" }).message).toBe(
    String.raw`stream \u009b is full`,
  );
});

it.each([
  [new AuthorizationError("for ann"), "NATS refuses the credentials"],
  [new errors.ConnectionError("connection refused"), "NATS does not answer (connection refused)"],
  [new Error("getaddrinfo ENOTFOUND nats.internal"), "NATS does not answer (ENOTFOUND)"],
  [new Error("any text of NATS"), "NATS does not answer"],
  [new TimeoutError(), "NATS does not answer (timeout)"],
  [new PermissionViolationError("", "publish", "dlq.orders.moved"), "permission denied"],
  [
    new JetStreamApiError({ code: 503, err_code: 10077, description: "maximum messages exceeded" }),
    "the stream is full",
  ],
  [
    Object.assign(new Error("of ca.internal"), { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" }),
    "TLS fails",
  ],
])("%s: in brief, without names and addresses, %s", (error, brief) => {
  expect(toNatsError(error, target).brief).toBe(brief);
});

it("names a missing certificate when the connection ends without a reason", () => {
  const reset = new Error("read ECONNRESET");
  const messageOf = (isAnonymousTls: boolean) =>
    toNatsError(reset, { ...target, isAnonymousTls }).message;
  expect(messageOf(true)).toContain("fails: read ECONNRESET; NATS may require a certificate");
  expect(messageOf(false)).toContain("does not answer: read ECONNRESET");
});
