// What a client takes as the address of its server.

import { expect, it, onTestFinished, vi } from "vitest";
import { createConnections, targetOf } from "../../../clients/typescript/src/connection.ts";

it("is host:port, or a URL", () => {
  expect(targetOf({ url: "dlq.internal:50051" })).toBe("dlq.internal:50051");
  expect(targetOf({ url: "[::1]:50051" })).toBe("[::1]:50051");
  expect(targetOf({ url: "http://dlq.internal:50051" })).toBe("dlq.internal:50051");
  expect(targetOf({ url: "https://dlq.internal" })).toBe("dlq.internal:443");
  expect(targetOf({ url: "dlq.internal:443", tls: {} })).toBe("dlq.internal:443");
});

it.for(["", "dlq.internal", "http://", "ftp://a:1", "http://a:1/dlq", "a:1/dlq", "a:b", "a:99999"])(
  "is not %j",
  (url) => {
    expect(() => createConnections({ url })).toThrow(`url is "${url}"; give one such as`);
  },
);

it("warns once of a token in plaintext to another host", () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  const token = "secret-for-this-test";
  const local = ["localhost:1", "127.0.0.1:1", "[::1]:1"].map((url) => ({ url, token }));
  const private_ = [{ url: "https://a:1", token }, { url: "a:1", token, tls: {} }, { url: "a:1" }];
  for (const options of [...local, ...private_]) createConnections(options);
  expect(log).not.toHaveBeenCalled();
  createConnections({ url: "a:1", token: "" });
  expect(log).not.toHaveBeenCalled();
  createConnections({ url: "a:1", token });
  expect(log.mock.calls).toEqual([
    ["dlq: the token goes to a:1 in plaintext; use https://a:1 and a server with TLS"],
  ]);
  createConnections({ url: "127.example.com:1", token });
  expect(log).toHaveBeenCalledTimes(2);
});
