import { AuthorizationError, errors } from "@nats-io/transport-node";
import { expect, it } from "vitest";
import { toNatsError } from "../../src/nats/nats-error.ts";

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
