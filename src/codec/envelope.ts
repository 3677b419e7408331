import { toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import {
  type ImportedHistory,
  ImportedHistorySchema,
  type SendToDlqRequest,
} from "../../gen/dlq/v1/dlq_service_pb.ts";
import type { Failure } from "../../gen/dlq/v1/failure_pb.ts";
import { OriginSchema, type Payload, TraceContextSchema } from "../../gen/dlq/v1/message_pb.ts";
import { cutUtf8 } from "../core/utf8.ts";
import { numberOfDecision } from "./arrival-decision.ts";

const { LengthDelimited, Varint } = WireType;

/** Longer decisions are cut. */
const DECISION_BYTES = 255;

/** A writer that has written more is replaced, because it keeps its buffer. */
const KEPT_BYTES = 64 * 1024;

/** Reused: a new writer would grow its buffer again for every message. */
let writer = new BinaryWriter();

/**
 * Encodes a request as `dlq.storage.v1.Envelope`, with the same bytes as `toBinary`. Written by
 * hand because creating an envelope only to encode it cost a fifth of a send. A test compares both.
 * Unknown fields are dropped, since no limit covers their size.
 */
export function encodeEnvelope(
  request: SendToDlqRequest,
  failure: Failure,
  importedHistory?: ImportedHistory,
  decision = "",
): Uint8Array {
  try {
    if (request.payload !== undefined) writePayload(request.payload);
    writeMap(2, request.attributes);
    writer.tag(3, LengthDelimited).fork();
    writeFailure(failure);
    writer.join();
    writeText(4, request.sourceId);
    writeText(5, request.dedupKey);
    writeText(6, request.orderingKey);
    const { origin, traceContext, priority } = request;
    const known = { writeUnknownFields: false };
    if (origin !== undefined) writeBytes(7, toBinary(OriginSchema, origin, known));
    if (traceContext !== undefined)
      writeBytes(8, toBinary(TraceContextSchema, traceContext, known));
    if (priority !== 0) writer.tag(9, Varint).int32(priority);
    if (importedHistory !== undefined)
      writeBytes(10, toBinary(ImportedHistorySchema, importedHistory, known));
    writeDecision(decision);
    const envelope = writer.finish();
    if (envelope.length > KEPT_BYTES) writer = new BinaryWriter();
    return envelope;
  } catch (error) {
    // The writer holds half a message.
    writer = new BinaryWriter();
    throw error;
  }
}

function writeDecision(decision: string): void {
  const number = numberOfDecision(decision);
  if (number === undefined) writeText(11, cutUtf8(decision, DECISION_BYTES));
  else if (number > 0) writer.tag(12, Varint).uint32(number);
}

function writePayload({ body, contentType }: Payload): void {
  writer.tag(1, LengthDelimited).fork();
  // One of the two is written even if it is empty.
  if (body.case === "text") writer.tag(1, LengthDelimited).string(body.value);
  else if (body.case === "data") writeBytes(2, body.value);
  writeText(3, contentType);
  writer.join();
}

function writeFailure(failure: Failure): void {
  if (failure.reason !== 0) writer.tag(1, Varint).int32(failure.reason);
  writeText(2, failure.type);
  writeText(3, failure.message);
  writeText(4, failure.stackTrace);
  if (failure.grpcCode !== undefined) writer.tag(5, Varint).int32(failure.grpcCode);
  if (failure.httpStatus !== undefined) writer.tag(6, Varint).int32(failure.httpStatus);
  writeMap(7, failure.attributes);
  if (failure.truncated) writer.tag(8, Varint).bool(true);
  if (failure.retryAfter !== undefined) {
    writeBytes(9, toBinary(DurationSchema, failure.retryAfter, { writeUnknownFields: false }));
  }
  writeText(10, failure.fingerprint);
}

function writeText(no: number, value: string): void {
  if (value !== "") writer.tag(no, LengthDelimited).string(value);
}

function writeBytes(no: number, value: Uint8Array): void {
  writer.tag(no, LengthDelimited).bytes(value);
}

function writeMap(no: number, map: Readonly<Record<string, string>>): void {
  for (const key of Object.keys(map)) {
    writer.tag(no, LengthDelimited).fork();
    writer.tag(1, LengthDelimited).string(key);
    writer.tag(2, LengthDelimited).string(map[key] as string);
    writer.join();
  }
}
