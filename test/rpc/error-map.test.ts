import { fromBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { describe, expect, it } from "vitest";
import { type BadRequest, BadRequestSchema } from "../../gen/google/rpc/error_details_pb.ts";
import {
  aborted,
  type DlqError,
  internal,
  invalid,
  invalidField,
  payloadTooLarge,
  precondition,
  queueLimit,
  storeFull,
  storeUnavailable,
  unauthenticated,
  unknownMessage,
} from "../../src/core/errors.ts";
import { codeName, toConnectError, toErrorStatus } from "../../src/rpc/error-map.ts";

const KINDS: [error: DlqError, code: Code, reason: string, details: string[]][] = [
  [invalidField("queue", "bad"), Code.InvalidArgument, "INVALID_REQUEST", ["BadRequest"]],
  [unknownMessage("q", "1"), Code.NotFound, "NOT_FOUND", []],
  [payloadTooLarge("batch", 2, 1), Code.ResourceExhausted, "TOO_LARGE", ["QuotaFailure"]],
  [queueLimit("q", "bytes", 1), Code.ResourceExhausted, "QUEUE_LIMIT", ["QuotaFailure"]],
  [storeUnavailable(500), Code.Unavailable, "STORE_UNAVAILABLE", ["RetryInfo"]],
  [storeFull(1000, "memory"), Code.ResourceExhausted, "STORE_FULL", ["QuotaFailure", "RetryInfo"]],
  [
    precondition("expected_count", "off"),
    Code.FailedPrecondition,
    "PRECONDITION_FAILED",
    ["PreconditionFailure"],
  ],
  [aborted(10, "messages"), Code.Aborted, "CONFLICT", ["RetryInfo"]],
  [unauthenticated(), Code.Unauthenticated, "UNAUTHENTICATED", []],
];

describe("each kind of error", () => {
  it.each(KINDS)("%s", (error, code, reason, details) => {
    const mapped = toConnectError(error);
    expect(mapped.code).toBe(code);
    expect(mapped.rawMessage).toBe(error.message);
    expect(mapped.details).toMatchObject([
      { desc: { typeName: "google.rpc.ErrorInfo" }, value: { domain: "dlq.v1", reason } },
      ...details.map((name) => ({ desc: { typeName: `google.rpc.${name}` } })),
    ]);
  });

  it("is the same inside a batch", () => {
    const status = toErrorStatus(invalidField("requests[1].queue", "bad"));
    expect(status.code).toBe(Code.InvalidArgument);
    const any = status.details.find((one) => one.typeUrl.endsWith("BadRequest"));
    expect(any?.typeUrl).toBe("type.googleapis.com/google.rpc.BadRequest");
    expect(fromBinary(BadRequestSchema, any?.value ?? new Uint8Array())).toMatchObject({
      fieldViolations: [{ field: "requests[1].queue", description: "bad" }],
    });
  });

  it("that is a bug reveals only its id", () => {
    const mapped = toConnectError(internal(new Error("password=1234")), "abc123");
    expect(mapped.code).toBe(Code.Internal);
    expect(mapped.rawMessage).toContain("abc123");
    expect(JSON.stringify(mapped.details.map((one) => one.value))).not.toContain("1234");
  });
});

describe("trailers", () => {
  const trailerBytes = (error: DlqError) => {
    const trailer = setTrailerStatus(new Headers(), toConnectError(error));
    return [...trailer].reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
  };
  const many = (n: number, text: string) =>
    invalid(Array.from({ length: n }, (_, i) => ({ field: `f${i}.${text}`, description: text })));

  it.each([
    ["many short violations", many(1000, "x")],
    ["many long ones", many(1000, "x".repeat(1000))],
    ["one endless one", many(1, "x".repeat(100_000))],
    ["texts that percent-encoding trebles", many(100, "😀".repeat(1000))],
    ["a full store with a long story", storeFull(1000, "€".repeat(10_000))],
    ["a precondition with a long story", precondition("€".repeat(3000), "€".repeat(3000))],
  ])("stay below 4 KiB: %s", (_, error) => {
    expect(trailerBytes(error)).toBeLessThan(4096);
  });

  it("say how many violations are not listed", () => {
    const [, badRequest] = toConnectError(many(1000, "x".repeat(100))).details;
    const value = (badRequest as { value: unknown }).value as BadRequest;
    const shown = value.fieldViolations.length - 1;
    expect(shown).toBeGreaterThan(3);
    expect(value.fieldViolations.at(-1)?.description).toContain(`${1000 - shown} more`);
  });

  it("survive a lone surrogate, on which percent-encoding throws", () => {
    expect(trailerBytes(invalidField("attributes[\ud800]", "\udfff is bad"))).toBeGreaterThan(0);
  });
});

it("codes have gRPC's names", () => {
  expect([1, 3, 4, 8, 14, 16].map(codeName)).toEqual([
    "CANCELLED",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "RESOURCE_EXHAUSTED",
    "UNAVAILABLE",
    "UNAUTHENTICATED",
  ]);
});
