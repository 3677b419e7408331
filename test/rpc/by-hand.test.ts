// Hand-written encoding gives the same bytes as the schema.

import { create, fromBinary, type MessageInitShape, toBinary, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { EditsSchema } from "../../gen/dlq/storage/v1/edits_pb.ts";
import { type Envelope, EnvelopeSchema } from "../../gen/dlq/storage/v1/envelope_pb.ts";
import {
  ImportedHistorySchema,
  type SendToDlqRequest,
  SendToDlqRequestSchema,
  StreamDueResponseSchema,
} from "../../gen/dlq/v1/dlq_service_pb.ts";
import { type Failure, FailureSchema } from "../../gen/dlq/v1/failure_pb.ts";
import type { DueDelivery } from "../../src/app/commands.ts";
import { encodeEnvelope } from "../../src/codec/envelope.ts";
import { writeFrame } from "../../src/rpc/convert/deliveries.ts";
import { spliceDeliveries } from "../../src/rpc/convert/spliced.ts";
import { delivery } from "./scripted-dlq.ts";

type Init = MessageInitShape<typeof SendToDlqRequestSchema>;

const long = "é".repeat(40_000);
const everything: Init = {
  payload: { body: { case: "text", value: `{"order": "${long}"}` }, contentType: "text/plain" },
  attributes: { one: "1", empty: "", "": "no name", "ü😀": "ö".repeat(200) },
  sourceId: "source",
  dedupKey: "dedup",
  orderingKey: "ordering",
  origin: { service: "shop", instance: "i-1", version: "2", coordinates: { topic: "t", "": "" } },
  traceContext: { traceparent: "00-1-2-01", tracestate: "a=b" },
  priority: -7,
  failure: {
    reason: 3,
    type: "TimeoutError",
    message: "took too long",
    stackTrace: long,
    grpcCode: 0,
    httpStatus: 504,
    attributes: { host: "a", empty: "" },
    truncated: true,
    retryAfter: { seconds: 90n, nanos: 5 },
    fingerprint: "bank-down",
  },
};
const requests: [string, Init][] = [
  ["everything", everything],
  ["an empty text", { payload: { body: { case: "text", value: "" } } }],
  ["empty data", { payload: { body: { case: "data", value: new Uint8Array() } } }],
  ["data", { payload: { body: { case: "data", value: new Uint8Array(70_000).fill(200) } } }],
  ["a lone surrogate", { payload: { body: { case: "text", value: "a\ud800b" } } }],
  ["an unknown reason", { payload: everything.payload, failure: { reason: 4_000 as never } }],
  ["lengths around one byte", { payload: { body: { case: "text", value: "x".repeat(127) } } }],
  ["and two", { payload: { body: { case: "text", value: "x".repeat(16_384) } } }],
];

function envelopeOf(request: SendToDlqRequest): Envelope {
  const { payload, attributes, failure, sourceId, dedupKey, orderingKey } = request;
  const { origin, traceContext, priority } = request;
  const envelope = create(EnvelopeSchema, {
    attributes,
    sourceId,
    dedupKey,
    orderingKey,
    priority,
  });
  Object.assign(envelope, { payload, failure, origin, traceContext });
  return envelope;
}

function requestOf(init: Init): { request: SendToDlqRequest; failure: Failure } {
  const request = create(SendToDlqRequestSchema, init);
  request.failure ??= create(FailureSchema);
  return { request, failure: request.failure };
}

describe("hand-written encoding of envelopes equals toBinary", () => {
  it.each(requests)("with %s", (_, init) => {
    const { request, failure } = requestOf(init);
    const bytes = encodeEnvelope(request, failure);
    expect(Buffer.from(bytes)).toEqual(
      Buffer.from(toBinary(EnvelopeSchema, envelopeOf(request), { writeUnknownFields: false })),
    );
  });

  it("is compared for every field of a failure", () => {
    const given = Object.keys(everything.failure ?? {});
    expect(given.sort()).toEqual(FailureSchema.fields.map(({ localName }) => localName).sort());
  });

  it("with an imported history", () => {
    const { request, failure } = requestOf(everything);
    const importedHistory = create(ImportedHistorySchema, {
      attempts: 3,
      failures: [{ failure, time: { seconds: 7n } }, {}],
      firstFailureTime: { seconds: 5n },
      quarantined: true,
    });
    const bytes = encodeEnvelope(request, failure, importedHistory);
    const whole = { ...envelopeOf(request), importedHistory };
    expect(Buffer.from(bytes)).toEqual(Buffer.from(toBinary(EnvelopeSchema, whole)));
    const due = [delivery({ envelope: bytes })];
    const plain = [delivery({ envelope: encodeEnvelope(request, failure) })];
    expect(spliceDeliveries(due).bytes).toEqual(spliceDeliveries(plain).bytes);
  });

  it.each([
    ["first delay from preset network", { decisionNumber: 4 }],
    ["rule misrouted quarantines it", { decision: "rule misrouted quarantines it" }],
    ["é".repeat(200), { decision: "é".repeat(127) }],
    ["", {}],
  ])("with the decision %s", (decision, stored) => {
    const { request, failure } = requestOf(everything);
    const bytes = encodeEnvelope(request, failure, undefined, decision);
    const whole = create(EnvelopeSchema, { ...envelopeOf(request), ...stored });
    expect(Buffer.from(bytes)).toEqual(Buffer.from(toBinary(EnvelopeSchema, whole)));
    const plain = [delivery({ envelope: encodeEnvelope(request, failure) })];
    expect(spliceDeliveries([delivery({ envelope: bytes })]).bytes).toEqual(
      spliceDeliveries(plain).bytes,
    );
  });

  it("after one that could not be encoded", () => {
    const { request, failure } = requestOf(everything);
    const before = encodeEnvelope(request, failure);
    const broken = { ...request, priority: 1.5 };
    expect(() => encodeEnvelope(broken, failure)).toThrow();
    expect(encodeEnvelope(request, failure)).toEqual(before);
  });
});

describe("spliced deliveries equal encoded ones", () => {
  const facts: Partial<DueDelivery> = {
    attempts: 3,
    deliveryNumber: 4_294_967_295,
    failureCount: 300,
    outcomeUnknown: true,
    createdAtMs: 1_790_000_000_123,
    dueAtMs: 1_790_000_000_000,
    expireAtMs: 253_402_300_799_999,
  };

  const latestFailure = toBinary(FailureSchema, create(FailureSchema, { type: "Later" }));

  function written(deliveries: readonly DueDelivery[], spliced: boolean) {
    const bytes = spliced
      ? spliceDeliveries(deliveries).bytes
      : toBinary(StreamDueResponseSchema, writeFrame({ kind: "deliveries", deliveries }));
    return toJson(StreamDueResponseSchema, fromBinary(StreamDueResponseSchema, bytes));
  }

  it.each(requests)("with %s", (_, init) => {
    const { request, failure } = requestOf(init);
    const envelope = encodeEnvelope(request, failure);
    const deliveries = [
      delivery({ envelope }),
      delivery({ envelope, ...facts }),
      delivery({ envelope, ...facts, latestFailure }),
    ];
    expect(written(deliveries, true)).toEqual(written(deliveries, false));
  });

  it("in a frame with the longest values and the prefix of gRPC", () => {
    const { request, failure } = requestOf({ payload: { body: { case: "text", value: "" } } });
    const most = 4_294_967_295;
    const due = delivery({
      ...{ ...facts, envelope: encodeEnvelope(request, failure), queue: "q".repeat(128) },
      ...{ attempts: most - 1, failureCount: most, dueAtMs: facts.expireAtMs as number },
      ...{ leaseExpireAtMs: facts.expireAtMs as number, edits: editsOf({ applied: [hash] }) },
      createdAtMs: facts.expireAtMs as number,
    });
    const deliveries = Array.from({ length: 300 }, () => due);
    expect(written(deliveries, true)).toEqual(written(deliveries, false));
    const { frame, bytes } = spliceDeliveries(deliveries);
    expect([frame.length - 5, frame[0]]).toEqual([bytes.length, 0]);
    expect(frame.readUInt32BE(1)).toBe(bytes.length);
  });

  const hash = new Uint8Array(16);
  const editsOf = (init: MessageInitShape<typeof EditsSchema>) =>
    toBinary(EditsSchema, create(EditsSchema, init));
  it.each<[string, MessageInitShape<typeof EditsSchema>]>([
    ["a payload", { payload: { body: { case: "text", value: long } }, applied: [hash] }],
    ["empty data", { payload: { body: { case: "data", value: new Uint8Array() } } }],
    ["attributes", { attributesEdited: true, attributes: { one: "2", new: "", "": "x" } }],
    ["no attributes left", { attributesEdited: true, applied: [hash, hash] }],
    [
      "all, with a record",
      {
        payload: { body: { case: "text", value: "{}" }, contentType: "a/b" },
        attributes: { a: "b" },
        attributesEdited: true,
        applied: Array.from({ length: 200 }, () => hash),
        edits: [{ who: "Retry", patch: "[]", inverse: long, time: { seconds: 1n } }],
      },
    ],
    ["only unknown fields", {}],
  ])("edited: %s", (_, init) => {
    const { request, failure } = requestOf(everything);
    const envelope = encodeEnvelope(request, failure);
    const edits = editsOf(init);
    const deliveries = [
      delivery({ envelope, edits }),
      delivery({ envelope, edits, ...facts, latestFailure }),
    ];
    expect(written(deliveries, true)).toEqual(written(deliveries, false));
    expect(JSON.stringify(written(deliveries, true))).toContain('"edited":true');
  });
});
