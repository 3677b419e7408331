// What a failed call says about the message that it carried: nothing more than is known.

import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { isWorthAgain, neverArrived } from "../../../clients/typescript/src/call-error.ts";
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

describe("a call", () => {
  it.each([
    ["a refused connection", nodeError("ECONNREFUSED", "connect"), true],
    ["a name that nobody knows", nodeError("ENOTFOUND", "getaddrinfo"), true],
    ["a connection that was not made in time", nodeError("ETIMEDOUT", "connect"), true],
    ["a connection that died while it carried the call", nodeError("ETIMEDOUT", "read"), false],
    ["a server's word", new ConnectError("stopping", Code.Unavailable), false],
  ])("that ended by %s has arrived only where somebody took it", (_, error, expected) => {
    expect(neverArrived(error)).toBe(expected);
  });

  it("that HTTP/2 itself turned away for a while is worth another try", () => {
    expect(isWorthAgain(new ConnectError("ENHANCE_YOUR_CALM", Code.ResourceExhausted))).toBe(true);
  });

  it("that finds no room is worth another try where the server says that room comes back", () => {
    const full = refusedWith(Code.ResourceExhausted);
    expect(isWorthAgain(full)).toBe(false);
    full.details.push({ type: "google.rpc.RetryInfo", value: new Uint8Array() });
    expect(isWorthAgain(full)).toBe(true);
  });
});

/** The server gets every call; the answers are lost, then another error comes instead. */
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

/** As the server's own errors, with a detail. */
function refusedWith(code: Code): ConnectError {
  const error = new ConnectError("no", code);
  error.details = [{ type: "google.rpc.ErrorInfo", value: new Uint8Array() }];
  return error;
}

it("a refusal does not hide that an earlier try may have stored it", async () => {
  const dlq = clientOf(server, { transport: losing(Code.Unauthenticated) });
  const dropped = errorOf(await dlq.send("doubtful", "x", new Error("it broke")));
  expect(dropped).toMatchObject({ kind: "unauthenticated", maybeStored: true });
  const { totals } = await statsOf(clientOf(server).stubs, "doubtful");
  expect(totals).toMatchObject({ accepted: 1n });
});

it("an error of the server's own is no promise that it did not store it", async () => {
  const transport: Transport = {
    ...losing(Code.Internal),
    unary: () => Promise.reject(refusedWith(Code.Internal)),
  };
  const dlq = clientOf(server, { transport });
  expect(errorOf(await dlq.send("q", "x"))).toMatchObject({ kind: "refused", maybeStored: true });
});
