// RFC 6902: the examples of its appendix, and cases in which implementations differ.

import { describe, expect, test } from "vitest";
import type { RefusalKind } from "../../../src/core/transform/json.ts";
import { applyTransforms } from "../../../src/core/transform/transform.ts";
import { CONTEXT } from "./context.ts";

function patched(document: string, patch: unknown): string {
  const transform = {
    target: "PAYLOAD",
    kind: "JSON_PATCH",
    patch: JSON.stringify(patch),
  } as const;
  const result = applyTransforms([transform], { payload: document, attributes: {} }, CONTEXT);
  return result.ok ? String(result.message.payload) : result.refusal.kind;
}

describe("the examples of the RFC", () => {
  test.each<[string, string, unknown[], string]>([
    ["add a member", '{"a":1}', [{ op: "add", path: "/b", value: 2 }], '{"a":1,"b":2}'],
    ["add an element", '{"a":[1,3]}', [{ op: "add", path: "/a/1", value: 2 }], '{"a":[1,2,3]}'],
    ["remove a member", '{"a":1,"b":2}', [{ op: "remove", path: "/b" }], '{"a":1}'],
    ["remove an element", '{"a":[1,2,3]}', [{ op: "remove", path: "/a/1" }], '{"a":[1,3]}'],
    ["replace", '{"a":1,"b":2}', [{ op: "replace", path: "/a", value: 3 }], '{"a":3,"b":2}'],
    [
      "move a value",
      '{"a":{"x":1,"y":2},"b":{}}',
      [{ op: "move", from: "/a/y", path: "/b/z" }],
      '{"a":{"x":1},"b":{"z":2}}',
    ],
    ["move an element", "[1,2,3,4]", [{ op: "move", from: "/1", path: "/3" }], "[1,3,4,2]"],
    [
      "test",
      '{"a":"x","b":["a",2]}',
      [
        { op: "test", path: "/a", value: "x" },
        { op: "test", path: "/b/1", value: 2 },
      ],
      '{"a":"x","b":["a",2]}',
    ],
    ["test another value", '{"a":"x"}', [{ op: "test", path: "/a", value: "y" }], "TEST_FAILED"],
    ["add an object", "{}", [{ op: "add", path: "/a", value: { b: {} } }], '{"a":{"b":{}}}'],
    ["ignore what is not known", "{}", [{ op: "add", path: "/a", value: 1, x: 2 }], '{"a":1}'],
    ["add below nothing", "{}", [{ op: "add", path: "/a/b", value: 1 }], "PATH_MISSING"],
    ["unescape", '{"/":9,"~1":10}', [{ op: "test", path: "/~01", value: 10 }], '{"/":9,"~1":10}'],
    [
      "strings differ from numbers",
      "[10]",
      [{ op: "test", path: "/0", value: "10" }],
      "TEST_FAILED",
    ],
    ["append", '{"a":[1]}', [{ op: "add", path: "/a/-", value: [2, 3] }], '{"a":[1,[2,3]]}'],
  ])("%s", (_name, document, patch, expected) => {
    expect(patched(document, patch)).toBe(expected);
  });
});

describe("a missing path is refused", () => {
  test.each<[string, string, object]>([
    ["removed", '{"a":1}', { op: "remove", path: "/b" }],
    ["replaced", '{"a":1}', { op: "replace", path: "/b", value: 1 }],
    ["moved", '{"a":1}', { op: "move", from: "/x", path: "/y" }],
    ["copied", '{"a":1}', { op: "copy", from: "/x", path: "/y" }],
    ["equal to null", "{}", { op: "test", path: "/a", value: null }],
    ["inserted before, beyond the end", "[1]", { op: "add", path: "/5", value: 2 }],
    ["an element by a leading zero", "[1,2]", { op: "add", path: "/01", value: 2 }],
    ["an element by a name", "[1]", { op: "replace", path: "/x", value: 2 }],
    ["an element by a float", "[1,2]", { op: "remove", path: "/1e0" }],
    ["the element after the last", "[1]", { op: "remove", path: "/-" }],
    ["inherited", "{}", { op: "remove", path: "/toString" }],
    ["below a prototype", "{}", { op: "add", path: "/__proto__/x", value: 1 }],
    ["inside of a number", "[1.0]", { op: "replace", path: "/0/text", value: "2" }],
    ["inside of a text", '["abc"]', { op: "replace", path: "/0/0", value: "x" }],
  ])("%s", (_name, document, operation) => {
    expect(patched(document, [operation])).toBe("PATH_MISSING" satisfies RefusalKind);
  });
});

describe("an invalid patch is refused as a whole", () => {
  test.each<[string, unknown]>([
    ["that is no array", { op: "add", path: "/a", value: 1 }],
    ["with something else than operations", ["add"]],
    ["with an unknown op", [{ op: "spam", path: "/a", value: 1 }]],
    ["without an op", [{ path: "/a", value: 1 }]],
    ["without a path", [{ op: "remove" }]],
    ["without a value", [{ op: "add", path: "/a" }]],
    ["without a from", [{ op: "copy", path: "/a" }]],
    ["with a path that does not begin with /", [{ op: "replace", path: "a", value: 1 }]],
    ["with a bad escape", [{ op: "remove", path: "/~2" }]],
    ["that moves a value into itself", [{ op: "move", from: "/a", path: "/a/b" }]],
    ["that removes the whole document", [{ op: "remove", path: "" }]],
    ["of too many operations", Array(257).fill({ op: "test", path: "", value: 1 })],
  ])("%s", (_name, patch) => {
    expect(patched('{"a":{}}', patch)).toBe("PATCH_INVALID" satisfies RefusalKind);
  });
});

describe("any value, any name", () => {
  test.each<[string, string, object, string]>([
    ["the document is replaced", '{"a":1}', { op: "replace", path: "", value: [1] }, "[1]"],
    ["the document is added anew", '{"a":1}', { op: "add", path: "", value: [1] }, "[1]"],
    ["a part becomes the whole", '{"a":{"b":1}}', { op: "move", from: "/a", path: "" }, '{"b":1}'],
    [
      "a child replaces its parent",
      '{"a":{"b":1}}',
      { op: "move", from: "/a/b", path: "/a" },
      '{"a":1}',
    ],
    ["null is copied", '{"a":null}', { op: "copy", from: "/a", path: "/b" }, '{"a":null,"b":null}'],
    [
      "a move to the same place",
      '{"a":1,"b":2}',
      { op: "move", from: "/a", path: "/a" },
      '{"a":1,"b":2}',
    ],
    [
      "members are equal in any order",
      '{"a":{"x":1,"y":2}}',
      { op: "test", path: "/a", value: { y: 2, x: 1 } },
      '{"a":{"x":1,"y":2}}',
    ],
    ["an empty name", '{"":1}', { op: "replace", path: "/", value: 2 }, '{"":2}'],
    [
      "constructor",
      '{"constructor":{"name":"x"},"name":"y"}',
      { op: "replace", path: "/constructor/name", value: "z" },
      '{"constructor":{"name":"z"},"name":"y"}',
    ],
    [
      "prototype",
      '{"prototype":1}',
      { op: "replace", path: "/prototype", value: 2 },
      '{"prototype":2}',
    ],
    ["__proto__", "{}", { op: "add", path: "/__proto__", value: 1 }, '{"__proto__":1}'],
  ])("%s", (_name, document, operation, expected) => {
    expect(patched(document, [operation])).toBe(expected);
  });
});

test("a refused patch changes nothing, even if its first operations are valid", () => {
  const patch = [
    { op: "add", path: "/b", value: 2 },
    { op: "remove", path: "/missing" },
  ];
  expect(patched('{"a":1}', patch)).toBe("PATH_MISSING");
});

test("no patch can change a prototype", () => {
  patched("{}", [{ op: "add", path: "/__proto__/polluted", value: 1 }]);
  patched("{}", [{ op: "add", path: "/constructor/prototype/polluted", value: 1 }]);
  patched('{"__proto__":{}}', [{ op: "add", path: "/__proto__/polluted", value: 1 }]);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});
