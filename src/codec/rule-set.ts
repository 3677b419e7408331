import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type RuleSet, RuleSetSchema } from "../../gen/dlq/v1/rule_pb.ts";

/** The routing rules as the contract has them. Opaque to use cases, except for `etag`. */
export type { RuleSet };

export function emptyRuleSet(etag = ""): RuleSet {
  return create(RuleSetSchema, { etag });
}

/** Throws on damaged bytes. */
export function decodeRuleSet(bytes: Uint8Array): RuleSet {
  return fromBinary(RuleSetSchema, bytes);
}

export function encodeRuleSet(rules: RuleSet["rules"], etag: string, nowMs: number): Uint8Array {
  const updateTime = timestampFromMs(nowMs);
  return toBinary(RuleSetSchema, create(RuleSetSchema, { rules, etag, updateTime }));
}

/** Compares the encoded form, so that fields of later versions count too. */
export function areSameRules(a: RuleSet["rules"], b: RuleSet["rules"]): boolean {
  return encoded(a).equals(encoded(b));
}

function encoded(rules: RuleSet["rules"]): Buffer {
  return Buffer.from(toBinary(RuleSetSchema, create(RuleSetSchema, { rules })));
}
