import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { EditsSchema } from "../../gen/dlq/storage/v1/edits_pb.ts";
import { decodeEdits, encodeEdits } from "../../src/codec/message.ts";

it("an edit record keeps fields and targets of a newer version", () => {
  const unknown = (no: number) => [{ no, wireType: 0, data: new Uint8Array([1]) }];
  const newer = create(EditsSchema, {
    applied: [new Uint8Array(16)],
    edits: [
      { who: "Retry", hash: new Uint8Array(16), target: 9 as never, patch: "p", inverse: "i" },
    ],
  });
  newer.$unknown = unknown(60);
  const [edit] = newer.edits;
  if (edit !== undefined) edit.$unknown = unknown(50);
  const bytes = toBinary(EditsSchema, newer);
  const record = decodeEdits(bytes);
  if (record === undefined) throw new Error("no record");
  expect(fromBinary(EditsSchema, encodeEdits(record))).toEqual(fromBinary(EditsSchema, bytes));
});
