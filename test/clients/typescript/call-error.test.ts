// What a failed call proves about its message.

import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  isRetryable,
  unansweredReason,
  wasNeverSent,
} from "../../../clients/typescript/src/call-error.ts";
import { connectTo, statsOf } from "../../support/grpc.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { clientOf, errorOf } from "./client.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const nodeError = (code: string, syscall: string) =>
  unavailable(Object.assign(new Error(code), { code, syscall }));

function unavailable(cause: Error): ConnectError {
  return new ConnectError(cause.message, Code.Unavailable, undefined, undefined, cause);
}

describe("a failed call", () => {
  it.each([
    ["a refused connection", nodeError("ECONNREFUSED", "connect"), true],
    ["an unknown host name", nodeError("ENOTFOUND", "getaddrinfo"), true],
    ["a connection that was not made in time", nodeError("ETIMEDOUT", "connect"), true],
    ["a connection that broke during the call", nodeError("ETIMEDOUT", "read"), false],
    ["an error of the server", new ConnectError("stopping", Code.Unavailable), false],
  ])("was never sent only if there was no connection: %s", (_, error, expected) => {
    expect(wasNeverSent(error)).toBe(expected);
  });

  it("is retryable after HTTP/2's ENHANCE_YOUR_CALM", () => {
    expect(isRetryable(new ConnectError("ENHANCE_YOUR_CALM", Code.ResourceExhausted))).toBe(true);
  });

  it("with RESOURCE_EXHAUSTED is retryable only with a RetryInfo", () => {
    const full = refusedWith(Code.ResourceExhausted);
    expect(isRetryable(full)).toBe(false);
    full.details.push({ type: "google.rpc.RetryInfo", value: new Uint8Array() });
    expect(isRetryable(full)).toBe(true);
  });
});

it.each<[string, string, Code, string]>([
  ["ECONNREFUSED", "connect ECONNREFUSED ::1:1", Code.Unavailable, "is the server at `url` up?"],
  ["ENOTFOUND", "getaddrinfo ENOTFOUND a", Code.Unavailable, "is the host in `url` right?"],
  [
    "ERR_SSL_WRONG_VERSION_NUMBER",
    "TLS failed: wrong version number",
    Code.Internal,
    "does the server have TLS? Without it, use http:",
  ],
  [
    "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
    "TLS failed: tlsv13 alert certificate required",
    Code.Internal,
    "does the server require `tls.cert` and `tls.key`?",
  ],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate", Code.Internal, "as `tls.ca`"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "not in the list", Code.Internal, "as `tls.serverName`"],
  ["ERR_HTTP2_ERROR", "Protocol error", Code.Internal, "with https: if it has TLS?"],
])("a failed connection says what to check, on one line: %s", (code, text, status, advice) => {
  const cause = Object.assign(new Error(text), { code });
  const given = text.replace(
    "TLS failed: ",
    "405DD:error:0A00010B:SSL routines:tls_validate_record_header:",
  );
  const raw = given === text ? `${text}\n` : `${given}:../ssl/record/tlsany_meth.c:77:\n`;
  const reason = unansweredReason(new ConnectError(raw, status, undefined, [], cause));
  expect(reason.startsWith(`${text}; `)).toBe(true);
  expect(reason.endsWith(advice)).toBe(true);
});

it("an expired certificate is no question whether the server is up", () => {
  const expired = Object.assign(new Error("certificate has expired"), { code: "CERT_HAS_EXPIRED" });
  expect(unansweredReason(unavailable(expired))).toBe("certificate has expired");
});

/** The first call reaches the server and its answer is lost. Later calls fail with `laterCode`. */
function losing(laterCode: Code): Transport {
  const { transport, close } = connectTo(server.grpcAddress);
  onTestFinished(close);
  let calls = 0;
  return {
    async unary(...call) {
      if (++calls > 1) throw refusedWith(laterCode);
      await transport.unary(...call);
      throw new ConnectError("lost", Code.Unavailable);
    },
    stream: transport.stream.bind(transport),
  };
}

/** Returns an error with a detail, like those of the service. */
function refusedWith(code: Code): ConnectError {
  const error = new ConnectError("no", code);
  error.details = [{ type: "google.rpc.ErrorInfo", value: new Uint8Array() }];
  return error;
}

it("a refusal is maybeStored if an earlier try may have stored the message", async () => {
  const dlq = clientOf(server, { transport: losing(Code.Unauthenticated) });
  const dropped = errorOf(await dlq.send("maybe-stored", "x", new Error("it broke")));
  expect(dropped).toMatchObject({ kind: "unauthenticated", maybeStored: true });
  const { totals } = await statsOf(clientOf(server).stubs, "maybe-stored");
  expect(totals).toMatchObject({ accepted: 1n });
});

it("an INTERNAL error of the server is maybeStored", async () => {
  const transport: Transport = {
    ...losing(Code.Internal),
    unary: () => Promise.reject(refusedWith(Code.Internal)),
  };
  const dlq = clientOf(server, { transport });
  expect(errorOf(await dlq.send("q", "x"))).toMatchObject({ kind: "refused", maybeStored: true });
});
