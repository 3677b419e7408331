// The status of a call is the same for every client and protocol.

import type { JsonValue } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { DlqService } from "../../gen/dlq/v1/dlq_service_pb.ts";
import {
  aborted,
  type DlqError,
  invalid,
  payloadTooLarge,
  precondition,
  queueLimit,
  storeFull,
  storeUnavailable,
  unauthenticated,
  unknownMessage,
} from "../../src/core/errors.ts";
import { toErrorStatus } from "../../src/rpc/error-map.ts";
import { MESSAGE_ID_TEXT } from "../rpc/scripted-dlq.ts";
import { CLIENTS, open } from "./clients.ts";
import { detailsToJson } from "./details.ts";
import { startServer } from "./listener.ts";

const { sendToDlq, stats } = DlqService.method;
const sendRequest = { queue: "q", payload: { body: { case: "text" as const, value: "{}" } } };
const typeOf = (name: string) => `type.googleapis.com/google.rpc.${name}`;
const infoOf = (reason: string) => ({ "@type": typeOf("ErrorInfo"), domain: "dlq.v1", reason });

/** Errors of the store and the use cases, with their codes. */
const KINDS: [string, DlqError][] = [
  ["NOT_FOUND", unknownMessage("orders", "m1")],
  ["RESOURCE_EXHAUSTED for a queue's limit", queueLimit("q", "messages", 10)],
  ["RESOURCE_EXHAUSTED for a payload", payloadTooLarge("payload.data", 2_000, 1_000)],
  ["RESOURCE_EXHAUSTED for a full store", storeFull(2_000, "no memory is left")],
  ["UNAVAILABLE", storeUnavailable(1_500)],
  ["FAILED_PRECONDITION", precondition("expected_count", "3 match, not 2")],
  ["ABORTED", aborted(250, "the queue")],
  ["UNAUTHENTICATED", unauthenticated()],
];

describe.for(CLIENTS)("$name", (client) => {
  it("is answered", async () => {
    const server = await startServer();
    const answer = await open(client, server).unary(sendToDlq, sendRequest);
    expect(answer).toMatchObject({ code: 0, message: "", details: [] });
    expect(answer.response?.id).toBe(MESSAGE_ID_TEXT);
  });

  it.for(KINDS)("gets %s with its details", async ([, error]) => {
    const server = await startServer();
    server.dlq.onSend = () => error;
    const outcome = await open(client, server).unary(sendToDlq, sendRequest);
    const { code, details } = toErrorStatus(error);
    expect(outcome).toMatchObject({ code, response: undefined });
    expect(outcome.details).toEqual(detailsToJson(details));
  });

  it("gets INVALID_ARGUMENT with every wrong field", async () => {
    const server = await startServer();
    const wrong = { queue: "a b", priority: 101, ttl: { seconds: -1n } };
    const outcome = await open(client, server).unary(sendToDlq, wrong);
    expect(outcome.code).toBe(Code.InvalidArgument);
    const [info, badRequest] = outcome.details as [JsonValue, { fieldViolations: unknown[] }];
    expect(info).toEqual(infoOf("INVALID_REQUEST"));
    expect(badRequest).toMatchObject({ "@type": typeOf("BadRequest") });
    expect(badRequest.fieldViolations).toMatchObject(
      expect.arrayContaining(
        ["queue", "payload", "priority", "ttl"].map((field) => expect.objectContaining({ field })),
      ),
    );
    expect(server.dlq.sent).toEqual([]);
  });

  it("gets INTERNAL with an id for the log, without the cause", async () => {
    const server = await startServer();
    server.dlq.onSend = () => {
      throw new TypeError("secret");
    };
    const outcome = await open(client, server).unary(sendToDlq, sendRequest);
    const errorId = server.logged[0]?.fields.errorId ?? "?";
    expect(outcome.code).toBe(Code.Internal);
    expect(outcome.message).toContain(errorId);
    expect(outcome.details).toEqual([{ ...infoOf("INTERNAL"), metadata: { error_id: errorId } }]);
    expect(JSON.stringify(outcome)).not.toContain("secret");
  });

  it("needs a token", async () => {
    const server = await startServer({ tokens: ["t1"] });
    const connection = open(client, server);
    const without = await connection.unary(stats, {});
    expect(without).toMatchObject({ code: Code.Unauthenticated });
    expect(without.details).toEqual([infoOf("UNAUTHENTICATED")]);
    const header = [["authorization", "Bearer t1"]] as const;
    expect(await connection.unary(stats, {}, { header })).toMatchObject({ code: 0 });
  });

  it.for([
    ["method", { ...stats, name: "Nothing" }],
    ["service", { ...stats, parent: { ...DlqService, typeName: "no.such.Service" } }],
  ] as const)("gets UNIMPLEMENTED for an unknown %s", async ([, method]) => {
    const server = await startServer();
    const connection = open(client, server);
    expect(await connection.unary(method, {})).toMatchObject({ code: Code.Unimplemented });
    expect(await connection.unary(stats, {})).toMatchObject({ code: 0 });
  });

  it("gets 64 violations, cut to the limit of trailers", async () => {
    const server = await startServer();
    server.dlq.onSend = () =>
      invalid(
        Array.from({ length: 64 }, (_, i) => ({
          field: `attributes["ключ ${i}"]`,
          description: "слишком длинное значение; сократите его".repeat(4),
        })),
      );
    const outcome = await open(client, server).unary(sendToDlq, sendRequest);
    expect(outcome.code).toBe(Code.InvalidArgument);
    expect(JSON.stringify(outcome.details)).toMatch(/\d+ more violations are not listed/);
  });
});
