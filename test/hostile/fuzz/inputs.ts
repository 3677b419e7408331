// Arbitrary requests for both ports: messages of every method, as protobuf and JSON, whole and damaged.

import { type DescMethod, type Message, toBinary, toJsonString } from "@bufbuild/protobuf";
import fc from "fast-check";
import { DlqAdminService } from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { DlqService } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { ServerReflection } from "../../../gen/grpc/reflection/v1/reflection_pb.ts";
import { Health } from "../../../gen/health/v1/health_pb.ts";
import { frameOf } from "../../../src/rpc/grpc/frames.ts";
import { pathOf } from "../../../src/rpc/methods.ts";
import { messageOf } from "./values.ts";

/** One request. */
export interface Input {
  readonly port: "grpc" | "http";
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
}

const METHODS = [DlqService, DlqAdminService, Health, ServerReflection].flatMap(
  ({ methods }): DescMethod[] => [...methods],
);

/** Damages bytes: cuts, doubles, changes or inserts some of them. */
function damaged(body: Buffer): fc.Arbitrary<Buffer> {
  const at = fc.nat({ max: body.length });
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(body) },
    { weight: 1, arbitrary: at.map((end) => body.subarray(0, end)) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(at, fc.uint8Array({ maxLength: 4 }))
        .map(([place, bytes]) =>
          Buffer.concat([body.subarray(0, place), bytes, body.subarray(place)]),
        ),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(at, fc.nat({ max: 255 })).map(([place, byte]) => {
        const changed = Buffer.from(body);
        if (place < changed.length) changed[place] = byte;
        return changed;
      }),
    },
  );
}

/** JSON values that replace others. */
const ODD_VALUES = [
  ...["null", "[]", "{}", "[null]", "[[[[1]]]]", "1e400", "-1e400", "1.5", "-0", "true"],
  ...[
    '""',
    '"NaN"',
    '"Infinity"',
    '"\\ud800"',
    '"\\u0000"',
    '"0x10"',
    '"1e3"',
    `"${"9".repeat(50)}"`,
  ],
  ...['"1.0123456789s"', '"99999999999999s"', '"-1s"', '"1"', '"2023-13-45T00:00:00Z"'],
  ...['"0000-01-01T00:00:00Z"', '"a,b_c,,"', '{"@type":"x"}', '"====="', "9007199254740993"],
];
/** Names of fields match too, with their colon: to look ahead for it would try a long name again from each of its quotes. */
const VALUE = /"(?:[^"\\]|\\.)*"(?<name>\s*:)?|-?\d+(?:\.\d+)?|true|false|null/g;

/** Replaces each value by what `change` returns for it and its place. */
function withValues(text: string, change: (value: string, place: number) => string): string {
  let place = 0;
  return text.replace(VALUE, (value, name?: string) =>
    name === undefined ? change(value, place++) : value,
  );
}

/** Replaces values of a JSON text. */
function withOddValues(text: string): fc.Arbitrary<string> {
  let count = 0;
  withValues(text, (value) => {
    count++;
    return value;
  });
  if (count === 0) return fc.constantFrom(text, ...ODD_VALUES);
  const changes = fc.array(fc.tuple(fc.nat({ max: count - 1 }), fc.constantFrom(...ODD_VALUES)), {
    maxLength: 2,
  });
  return changes.map((all) => {
    const byPlace = new Map(all);
    return withValues(text, (value, place) => byPlace.get(place) ?? value);
  });
}

function jsonOf({ input }: DescMethod, message: Message): string {
  try {
    return toJsonString(input, message);
  } catch {
    // A value without a form in JSON. Others are put in its place.
    return "{}";
  }
}

function encoded(method: DescMethod, message: Message): fc.Arbitrary<Input> {
  const path = pathOf(method);
  const binary = damaged(Buffer.from(toBinary(method.input, message)));
  const json = withOddValues(jsonOf(method, message)).chain((text) => damaged(Buffer.from(text)));
  const isUnary = method.methodKind === "unary";
  const http = (type: string, body: fc.Arbitrary<Buffer>) =>
    body.map((bytes): Input => ({ port: "http", path, type, body: bytes }));
  const framed = (body: fc.Arbitrary<Buffer>) => body.map((bytes) => frameOf(bytes));
  const grpc = framed(binary).map(
    (body): Input => ({ port: "grpc", path, type: "application/grpc", body }),
  );
  if (method.methodKind === "bidi_streaming") return grpc;
  return fc.oneof(
    grpc,
    http("application/grpc-web+proto", framed(binary)),
    http("application/grpc-web+json", framed(json)),
    isUnary ? http("application/json", json) : http("application/connect+json", framed(json)),
    isUnary ? http("application/proto", binary) : http("application/connect+proto", framed(binary)),
  );
}

export const input: fc.Arbitrary<Input> = fc
  .constantFrom(...METHODS)
  .chain((method) => messageOf(method.input).chain((message) => encoded(method, message)));
