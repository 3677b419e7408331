// The examples of RFC 7396, appendix A, and special names of JavaScript.

import { expect, test } from "vitest";
import { applyTransforms } from "../../../src/core/transform/transform.ts";
import { CONTEXT } from "./context.ts";

function merged(document: string, patch: string): string {
  const transform = { target: "PAYLOAD", kind: "MERGE_PATCH", patch } as const;
  const result = applyTransforms([transform], { payload: document, attributes: {} }, CONTEXT);
  return result.ok ? String(result.message.payload) : result.refusal.kind;
}

test.each([
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', "{}"],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['["a","b"]', '["c","d"]', '["c","d"]'],
  ['{"a":"b"}', '["c"]', '["c"]'],
  ['{"a":"foo"}', "null", "null"],
  ['{"a":"foo"}', '"bar"', '"bar"'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ["[1,2]", '{"a":"b","c":null}', '{"a":"b"}'],
  ["{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  // Beyond the appendix.
  ["{}", '{"__proto__":{"x":1}}', '{"__proto__":{"x":1}}'],
  ['{"__proto__":{"x":1,"y":2}}', '{"__proto__":{"x":null}}', '{"__proto__":{"y":2}}'],
  [
    '{"a":1}',
    '{"constructor":{"prototype":{"x":1}}}',
    '{"a":1,"constructor":{"prototype":{"x":1}}}',
  ],
  ['{"a/b":1,"~":2}', '{"a/b":3,"~":null}', '{"a/b":3}'],
  [
    '{"id":9007199254740993}',
    '{"to":9007199254740995}',
    '{"id":9007199254740993,"to":9007199254740995}',
  ],
  ['{"a":1}', '{"a":', "PATCH_INVALID"],
])("%s and %s: %s", (document, patch, expected) => {
  expect(merged(document, patch)).toBe(expected);
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});
