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

const ADVICE = "; it may require a certificate: set nats_tls_cert and nats_tls_key";
it.each([
  [new Error("read ECONNRESET"), ADVICE],
  [new Error("write EPIPE"), ADVICE],
  [Object.assign(new Error("Client network socket disconnected"), { code: "ECONNRESET" }), ADVICE],
  [new Error("any text of NATS"), ""],
])("%s: without a certificate, the advice is %j", (error, advice) => {
  const shown = (hasNoCertificate: boolean) => toNatsError(error, { ...target, hasNoCertificate });
  const text = `NATS at nats://a:4222 does not answer: ${error.message}`;
  expect(shown(true)).toMatchObject({ message: text + advice, brief: "NATS does not answer" });
  expect(shown(false)).toMatchObject({ message: text, brief: "NATS does not answer" });
});

it("shows TLS' own reason, also without a certificate", () => {
  const error = Object.assign(new Error("write EPROTO"), {
    ...{ code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" },
    reason: "tlsv13 alert certificate required",
  });
  expect(toNatsError(error, { ...target, hasNoCertificate: true })).toMatchObject({
    message: "TLS with NATS at nats://a:4222 fails: tlsv13 alert certificate required",
    brief: "TLS fails",
  });
});
