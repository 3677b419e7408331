import { describe, expect, it, test } from "vitest";
import {
  RedactedMessage,
  type RedactionSource,
} from "../../../src/core/redaction/redacted-message.ts";
import { Redaction, redactionOf } from "../../../src/core/redaction/redaction.ts";

const NOTHING: RedactionSource = { payloads: [], attributes: [], patches: [] };
const NO_FAILURE = { message: "", stackTrace: "", attributes: {}, truncated: false };

function messageOf(entries: readonly string[], over: Partial<RedactionSource> = {}) {
  return new RedactedMessage(new Redaction(entries), { ...NOTHING, ...over });
}

/** A payload as answers show it. */
function shown(entries: readonly string[], payload: string): string {
  const message = messageOf(entries, { payloads: [payload] });
  return String(message.payload(payload));
}

describe("a payload", () => {
  it.each<[string, string[], string, string]>([
    ["a member", ["/a"], '{"a":1,"b":2}', '{"a":"[redacted]","b":2}'],
    ["a member below", ["/a/b"], '{"a":{"b":"x","c":0}}', '{"a":{"b":"[redacted]","c":0}}'],
    ["a whole object", ["/a"], '{"a":{"b":["x"]},"c":{}}', '{"a":"[redacted]","c":{}}'],
    ["null", ["/a"], '{"a":null}', '{"a":"[redacted]"}'],
    ["an element", ["/1"], "[1, 2, 3]", '[1, "[redacted]", 3]'],
    [
      "of each element",
      ["/i/*/c"],
      '{"i":[{"c":1},{"d":2},{"c":3}]}',
      '{"i":[{"c":"[redacted]"},{"d":2},{"c":"[redacted]"}]}',
    ],
    ["of each member", ["/*/c"], '{"x":{"c":1},"y":2}', '{"x":{"c":"[redacted]"},"y":2}'],
    [
      "a name and any",
      ["/x/c", "/*/d"],
      '{"x":{"c":1,"d":2}}',
      '{"x":{"c":"[redacted]","d":"[redacted]"}}',
    ],
    ["escapes of a pointer", ["/a~1b~0"], '{"a/b~":1}', '{"a/b~":"[redacted]"}'],
    ["escapes of JSON", ["/a"], '{"\\u0061":1}', '{"\\u0061":"[redacted]"}'],
    ["a repeated name", ["/a"], '{"a":"x","a":"y"}', '{"a":"[redacted]","a":"[redacted]"}'],
    ["an empty name", ["/"], '{"":1}', '{"":"[redacted]"}'],
    ["__proto__", ["/__proto__/a"], '{"__proto__":{"a":1}}', '{"__proto__":{"a":"[redacted]"}}'],
    ["nothing there", ["/z", "/a/b/c"], '{"a": {"b": 1}}', '{"a": {"b": 1}}'],
    ["case counts", ["/A"], '{"a":1}', '{"a":1}'],
    ["an empty object", ["/a"], " { } ", " { } "],
    ["- is no element", ["/-"], "[1]", "[1]"],
  ])("hides %s", (_name, entries, payload, expected) => {
    expect(shown(entries, payload)).toBe(expected);
  });

  test("keeps the bytes of everything else", () => {
    const rest = '"n" : 90071992547409931e400 ,\n\t"f":1.0,"u":"\\u00e9\\ud800é","e":[ ]';
    expect(shown(["/s"], `{"s":"secret",${rest}}`)).toBe(`{"s":"[redacted]",${rest}}`);
  });

  test("of bytes stays bytes", () => {
    const payload = Buffer.from('{"a":"é","b":"ü"}');
    const message = messageOf(["/a"], { payloads: [payload] });
    const bytes = message.payload(payload);
    expect(bytes).toBeInstanceOf(Uint8Array);
    expect(Buffer.from(bytes as Uint8Array).toString()).toBe('{"a":"[redacted]","b":"ü"}');
  });

  test.each<[string, string | Uint8Array]>([
    ["no JSON", "name=Smith"],
    ["cut JSON", '{"name":"Smith"'],
    ["several documents", '{"name":"Smith"}\n{"name":"Jones"}'],
    ["JSON in a JSON string", '"{\\"name\\":\\"Smith\\"}"'],
    ["a number", "4711"],
    ["compressed", Buffer.from([0x1f, 0x8b, 8, 0, 0, 0])],
    ["with a byte order mark", Buffer.from('\ufeff{"name":"Smith"}')],
    ["nested too deeply", `${"[".repeat(257)}${"]".repeat(257)}`],
  ])("that cannot be checked is withheld: %s", (_name, payload) => {
    const message = messageOf(["/name"], { payloads: [payload] });
    expect(Buffer.from(message.payload(payload)).toString()).toBe("[redacted]");
    expect(message.hidden).toEqual(["payload"]);
    const failure = { message: "bad Smith", stackTrace: "at Smith", attributes: { who: "Smith" } };
    expect(message.failure({ ...failure, truncated: false })).toEqual({
      ...{ message: "[redacted]", stackTrace: "[redacted]", attributes: { who: "[redacted]" } },
    });
    expect(message.hidden).toEqual(["failures", "payload"]);
  });

  test("is withheld by its own entry", () => {
    const message = messageOf(["payload"], { payloads: ['{"a":1}'] });
    expect(message.payload('{"a":1}')).toBe("[redacted]");
    expect(message.payload("")).toBe("");
    expect(message.payload(undefined)).toBeUndefined();
    expect(message.hidden).toEqual(["payload"]);
  });

  test("is not read if only attributes are hidden", () => {
    expect(shown(["attribute:a"], "no JSON")).toBe("no JSON");
  });
});

test("attributes are hidden by name in any case", () => {
  const attributes = { Authorization: "Bearer x", host: "a", __proto__x: "b" };
  const message = messageOf(["attribute:authorization"], { attributes: [attributes] });
  expect(message.attributes(attributes)).toEqual({ ...attributes, Authorization: "[redacted]" });
  expect(message.hidden).toEqual(["attribute:authorization"]);
  expect(Object.values(messageOf(["attribute:*"]).attributes(attributes))).toEqual(
    Array(3).fill("[redacted]"),
  );
});

describe("the texts of a failure", () => {
  const failureOf = (payload: string, message: string, over: Partial<typeof NO_FAILURE> = {}) => {
    const entries = ["/s", "attribute:token"];
    const source = { payloads: [payload], attributes: [{ token: "tok-4711" }] };
    return messageOf(entries, source).failure({ ...NO_FAILURE, message, ...over });
  };

  test.each([
    ['{"s":"bob@acme.io"}', "no user bob@acme.io, bob@acme.io", "no user [redacted], [redacted]"],
    ['{"s":"say \\"hi\\"\\n"}', 'got "say \\"hi\\"\\n"', 'got "[redacted]"'],
    ['{"s":"J\\u00f6rg"}', "Jörg, J\\u00f6rg", "[redacted], [redacted]"],
    ['{"s":4111111111111111}', "card 4111111111111111", "card [redacted]"],
    ['{"s":{"a":["deep-value"],"name":"x"}}', "of deep-value", "of [redacted]"],
    ['{"s":{"bob@acme.io":{"\\u0041nna":1}}}', "bob@acme.io, Anna", "[redacted], [redacted]"],
    ['{"s":"abcdef","x":1}', "abcdefabcdef", "[redacted]"],
    ['{"s":["abcdef","defghi"]}', "abcdefghi", "[redacted]"],
    ['{"s":"aaaa"}', "aaaa, aaaa!", "[redacted], [redacted]!"],
    ['{"s":"abc"}', "abc is too short to tell", "abc is too short to tell"],
    ["{}", "has tok-4711", "has [redacted]"],
  ])("do not quote hidden values of %s", (payload, message, expected) => {
    expect(failureOf(payload, message).message).toBe(expected);
  });

  test("do not end with the beginning of a hidden value if they were cut", () => {
    const cut = { truncated: true };
    expect(failureOf('{"s":"bob@acme.io"}', "for bob@ac", cut).message).toBe("for [redacted]");
    expect(failureOf('{"s":"bob@acme.io"}', "for bob", cut).message).toBe("for bob");
    expect(failureOf('{"s":"bob@acme.io"}', "for bob@ac").message).toBe("for bob@ac");
  });

  test("do not have the beginning of a long value that somebody has cut", () => {
    const { message } = failureOf(
      '{"s":"4 Privet Drive, Little Whinging"}',
      "to '4 Privet Drive, Li…'",
    );
    expect(message).toBe("to '[redacted]…'");
  });

  test("are withheld if they are too long to be searched for all values", () => {
    const many = JSON.stringify({ s: Array.from({ length: 200 }, (_, i) => `value-${i}`) });
    const message = messageOf(["/s"], { payloads: [many] });
    const stackTrace = "x".repeat(16_000);
    expect(message.failure({ ...NO_FAILURE, message: "of value-7", stackTrace })).toMatchObject({
      ...{ message: "of [redacted]", stackTrace },
    });
    const other = message.failure({ ...NO_FAILURE, stackTrace: "y".repeat(16_000) });
    expect(other.stackTrace.length).toBe("[redacted]".length);
  });

  test("are searched once, however often they are asked", () => {
    const many = JSON.stringify({ s: Array.from({ length: 200 }, (_, i) => `value-${i}`) });
    const message = messageOf(["/s"], { payloads: [many] });
    const texts = { ...NO_FAILURE, message: "of value-7", stackTrace: "x".repeat(16_000) };
    const first = message.failure(texts);
    for (let n = 0; n < 5; n++) expect(message.failure(texts)).toEqual(first);
    expect(first.stackTrace).toBe(texts.stackTrace);
  });

  test("are searched in a bounded time, whatever a sender chose", () => {
    const s = Array.from({ length: 200 }, (_, i) => `${"a".repeat(8_000 + i)}b`);
    const message = messageOf(["/s"], { payloads: [JSON.stringify({ s })] });
    const texts = Array.from({ length: 9 }, () => ({
      ...NO_FAILURE,
      stackTrace: "a".repeat(16_384),
    }));
    const startMs = performance.now();
    for (const one of texts) message.failure(one);
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });

  test("are clean in stack traces and attributes, too", () => {
    const over = {
      stackTrace: "at f(bob@acme.io)",
      attributes: { Token: "x", user: "bob@acme.io" },
    };
    expect(failureOf('{"s":"bob@acme.io"}', "", over)).toEqual({
      ...{ message: "", stackTrace: "at f([redacted])" },
      attributes: { Token: "[redacted]", user: "[redacted]" },
    });
  });

  test("do not quote a hidden attribute of any failure", () => {
    const attributes = { Authorization: "Bearer s3cret" };
    const texts = { ...NO_FAILURE, message: "401 for Bearer s3cret" };
    const entries = ["attribute:authorization"];
    const own = messageOf(entries).failure({ ...texts, attributes });
    expect(own).toMatchObject({
      ...{ message: "401 for [redacted]", attributes: { Authorization: "[redacted]" } },
    });
    const others = messageOf(entries, { attributes: [attributes] }).failure(texts);
    expect(others.message).toBe("401 for [redacted]");
  });

  test("are withheld if there are too many values to search for", () => {
    const many = JSON.stringify({ s: Array.from({ length: 201 }, (_, i) => `value-${i}`) });
    const message = messageOf(["/s"], { payloads: [many] });
    expect(message.failure({ ...NO_FAILURE, message: "x" }).message).toBe("[redacted]");
    expect(message.hidden).toEqual(["/s", "failures"]);
  });
});

describe("an edit", () => {
  const patchOf = (
    entries: string[],
    patch: object[],
    target: "PAYLOAD" | "ATTRIBUTES" = "PAYLOAD",
  ) => JSON.parse(messageOf(entries).patch(target, JSON.stringify(patch)));

  it.each<[string, string[], object, unknown]>([
    ["at a path", ["/a/b"], { op: "add", path: "/a/b", value: "x" }, "[redacted]"],
    ["below a path", ["/a"], { op: "test", path: "/a/b", value: "x" }, "[redacted]"],
    [
      "above a path",
      ["/a/b"],
      { op: "add", path: "/a", value: { b: "x", c: 1 } },
      { b: "[redacted]", c: 1 },
    ],
    [
      "of the document",
      ["/a"],
      { op: "replace", path: "", value: { a: 1, b: 2 } },
      { a: "[redacted]", b: 2 },
    ],
    ["of the document by no object", ["/a"], { op: "replace", path: "", value: "x" }, "[redacted]"],
    ["of another element", ["/i/0/c"], { op: "add", path: "/i/7/c", value: "x" }, "[redacted]"],
    [
      "behind the last element",
      ["/i/*/c"],
      { op: "add", path: "/i/-", value: { c: "x" } },
      { c: "[redacted]" },
    ],
    ["elsewhere", ["/a"], { op: "add", path: "/b", value: "x" }, "x"],
  ])("has no hidden value %s", (_name, entries, operation, expected) => {
    expect(patchOf(entries, [operation])).toEqual([{ ...operation, value: expected }]);
  });

  test("of attributes", () => {
    const patch = [
      { op: "add", path: "/Token", value: "x" },
      { op: "remove", path: "/token" },
    ];
    expect(patchOf(["attribute:token"], patch, "ATTRIBUTES")).toEqual([
      { op: "add", path: "/Token", value: "[redacted]" },
      { op: "remove", path: "/token" },
    ]);
  });

  test("that is empty or no patch", () => {
    const message = messageOf(["/a"]);
    expect(message.patch("PAYLOAD", "")).toBe("");
    expect(message.patch("PAYLOAD", '{"a":"x"}')).toBe("[redacted]");
    expect(message.patch("ATTRIBUTES", '{"a":"x"}')).toBe('{"a":"x"}');
  });

  test("that moves or copies a hidden value hides it at its new place", () => {
    const patch = JSON.stringify([
      { op: "copy", from: "/a", path: "/list/0" },
      { op: "move", from: "/list/0", path: "/b" },
      { op: "copy", from: "/c", path: "/d" },
    ]);
    const payload = '{"a":"x","list":["x"],"b":"x","c":"y","d":"y"}';
    const message = messageOf(["/a/b"], {
      payloads: [payload],
      patches: [{ target: "PAYLOAD", patch }],
    });
    expect(message.payload(payload)).toBe(
      '{"a":"x","list":["[redacted]"],"b":"[redacted]","c":"y","d":"y"}',
    );
    expect(message.hidden).toEqual(["/a/b"]);
  });

  test("hides its values in failures from before", () => {
    const patch = JSON.stringify([{ op: "replace", path: "/a", value: "between" }]);
    const message = messageOf(["/a"], { patches: [{ target: "PAYLOAD", patch }] });
    expect(message.failure({ ...NO_FAILURE, message: "not between" }).message).toBe(
      "not [redacted]",
    );
  });
});

test("an empty setting costs nothing, and the same setting is read once", () => {
  const entries = ["/a"];
  expect(redactionOf([])).toBeUndefined();
  expect(redactionOf(entries)).toBe(redactionOf(entries));
});
