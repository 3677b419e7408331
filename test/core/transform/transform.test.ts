import fc from "fast-check";
import { describe, expect, it, onTestFinished, test, vi } from "vitest";
import type { EditableMessage } from "../../../src/core/transform/editable.ts";
import {
  applyTransforms,
  MAX_PATCH_BYTES,
  MAX_UNDO_BYTES,
  type Transform,
  type TransformResult,
  transformProblem,
} from "../../../src/core/transform/transform.ts";
import { CONTEXT } from "./context.ts";

const patch = (...operations: object[]): Transform => ({
  target: "PAYLOAD",
  kind: "JSON_PATCH",
  patch: JSON.stringify(operations),
});
const merge = (value: unknown): Transform => ({
  target: "PAYLOAD",
  kind: "MERGE_PATCH",
  patch: JSON.stringify(value),
});
const onAttributes = (transform: Transform): Transform => ({ ...transform, target: "ATTRIBUTES" });

function edit(transforms: Transform[], message: Partial<EditableMessage>): TransformResult {
  return applyTransforms(transforms, { payload: "{}", attributes: {}, ...message }, CONTEXT);
}

function applied(transforms: Transform[], message: Partial<EditableMessage>) {
  const result = edit(transforms, message);
  if (!result.ok) throw result.refusal;
  return result;
}

function refusalKind(transforms: Transform[], message: Partial<EditableMessage>): string {
  const result = edit(transforms, message);
  return result.ok ? "applied" : result.refusal.kind;
}

describe("a value that an edit does not change", () => {
  test.each([
    ["a whole number beyond 2^53", "9007199254740993"],
    ["a decimal that is a whole number", "1.0"],
    ["an exponent", "1E5"],
    ["more digits than a double has", "0.10000000000000000555"],
    ["a number that no double holds", "1e400"],
    ["minus zero", "-0"],
    ["a text with escapes", '"\\u00e9\\/"'],
    ["deep values", `${"[".repeat(200)}${"]".repeat(200)}`],
  ])("keeps its spelling: %s", (_name, text) => {
    const { message } = applied([merge({ b: 2 })], { payload: `{"a":${text},"b":1}` });
    const kept = text.startsWith('"') ? '"é/"' : text;
    expect(message.payload).toBe(`{"a":${kept},"b":2}`);
  });

  it("keeps the order of members", () => {
    const { message } = applied([patch({ op: "replace", path: "/m", value: 0 })], {
      payload: '{"z":1,"m":2,"a":3}',
    });
    expect(message.payload).toBe('{"z":1,"m":0,"a":3}');
  });

  it("keeps numbers that are moved, copied and tested", () => {
    const payload = '{"id":9007199254740993,"x":1.50}';
    const { message } = applied(
      [
        {
          target: "PAYLOAD",
          kind: "JSON_PATCH",
          patch:
            '[{"op":"test","path":"/id","value":9007199254740993},{"op":"test","path":"/x","value":15e-1},' +
            '{"op":"copy","from":"/id","path":"/copy"},{"op":"move","from":"/x","path":"/y"}]',
        },
      ],
      { payload },
    );
    expect(message.payload).toBe('{"id":9007199254740993,"copy":9007199254740993,"y":1.50}');
  });

  it("distinguishes numbers that are equal as doubles", () => {
    const test = '[{"op":"test","path":"/id","value":9007199254740992}]';
    const transform: Transform = { target: "PAYLOAD", kind: "JSON_PATCH", patch: test };
    expect(refusalKind([transform], { payload: '{"id":9007199254740993}' })).toBe("TEST_FAILED");
  });
});

describe("a payload", () => {
  it("of bytes remains bytes", () => {
    const payload = new TextEncoder().encode('{"name":"Zoë"}');
    const { message } = applied([merge({ ok: true })], { payload });
    expect(message.payload).toEqual(new TextEncoder().encode('{"name":"Zoë","ok":true}'));
    expect(new TextDecoder().decode(payload)).toBe('{"name":"Zoë"}');
  });

  test.each<[string, string | Uint8Array]>([
    ["is not JSON", "<xml/>"],
    ["is empty", ""],
    ["is cut off", '{"a":'],
    ["is not UTF-8", Uint8Array.of(0x22, 0xff, 0x22)],
    ["nests too deeply", `${"[".repeat(300)}${"]".repeat(300)}`],
    ["nests so deeply that recursion would fail", "[".repeat(200_000)],
  ])("that %s is refused", (_name, payload) => {
    expect(refusalKind([merge({ a: 1 })], { payload })).toBe("NOT_JSON");
  });

  it("cannot exceed the size limit", () => {
    const limits = { ...CONTEXT.limits, payloadBytes: 20 };
    const message = { payload: '{"a":1}', attributes: {} };
    const grow = (text: string) =>
      applyTransforms([merge({ b: text })], message, { ...CONTEXT, limits });
    expect(grow("éééé")).toMatchObject({ ok: false, refusal: { kind: "TOO_LARGE" } });
    expect(grow("eee")).toMatchObject({ ok: true });
  });

  it("cannot be inflated by copies of copies", () => {
    const doubling = Array.from({ length: 200 }, (_, n) => ({
      op: "copy",
      from: "",
      path: `/${n}`,
    }));
    expect(refusalKind([patch(...doubling)], { payload: '{"a":"some text"}' })).toBe("TOO_LARGE");
  });

  it.each([
    ["long names", `{"a":{"${"k".repeat(300_000)}":1}}`],
    ["long numbers", `{"a":${"9".repeat(300_000)}}`],
    ["characters that JSON escapes", `{"a":"${"\\u0001".repeat(50_000)}"}`],
    ["empty values", `{"a":[${"[],".repeat(100_000)}[]]}`],
  ])("cannot be inflated by copies of %s; they are refused before they are made", (_, payload) => {
    const copies = Array.from({ length: 256 }, (_, n) => ({
      op: "copy",
      from: "/a",
      path: `/b${n}`,
    }));
    expect(edit([patch(...copies)], { payload })).toMatchObject({
      ok: false,
      refusal: { kind: "TOO_LARGE", message: expect.stringContaining("copy operations") },
    });
  });

  it("has a limit for the elements that all transforms together shift in arrays", () => {
    const payload = `[${"1,".repeat(300_000)}1]`;
    const pairs = (count: number) =>
      patch(
        ...Array.from({ length: count }, () => [
          { op: "remove", path: "/0" },
          { op: "add", path: "/0", value: 1 },
        ]).flat(),
      );
    expect(edit([pairs(10)], { payload }).ok).toBe(true);
    const refusal = { kind: "TOO_LARGE", message: expect.stringContaining("shift") };
    expect(edit([pairs(20)], { payload })).toMatchObject({ ok: false, index: 0, refusal });
    expect(edit([pairs(10), pairs(10)], { payload })).toMatchObject({ index: 1, refusal });
  });

  it("is parsed once for all transforms", () => {
    const payload = '{"a":[1.0]}';
    const parse = vi.spyOn(JSON, "parse");
    onTestFinished(() => parse.mockRestore());
    const transforms = Array.from({ length: 10 }, (_, n) => merge({ b: n }));
    expect(applied(transforms, { payload }).message.payload).toBe('{"a":[1.0],"b":9}');
    // Once as plain JSON, and once more for the spelling of its numbers.
    expect(parse.mock.calls.filter(([text]) => text.startsWith('{"a"'))).toHaveLength(2);
  });

  it("cannot exceed the nesting limit", () => {
    const halves = { payload: `{"a":${"[".repeat(200)}${"]".repeat(200)},"b":[[[]]]}` };
    const path = `/a${"/0".repeat(199)}/-`;
    const deepen = patch({ op: "add", path, value: "x" }, { op: "copy", from: "/a", path });
    expect(refusalKind([deepen], halves)).toBe("TOO_LARGE");
  });
});

describe("attributes", () => {
  const attributes = { host: "a.example", tenant: "7" };

  it("are edited as an object of strings", () => {
    const transforms = [
      onAttributes(merge({ host: null, region: "eu" })),
      onAttributes(patch({ op: "move", from: "/tenant", path: "/customer" })),
    ];
    const { message } = applied(transforms, { attributes });
    expect(message.attributes).toEqual({ region: "eu", customer: "7" });
    expect(attributes).toEqual({ host: "a.example", tenant: "7" });
  });

  test.each<[string, Transform]>([
    ["numbers", merge({ a: 1 })],
    ["objects", merge({ a: {} })],
    ["another thing than an object", merge(["a"])],
    ["values over the limit", merge({ a: "é".repeat(2049) })],
    ["names over the limit", merge({ ["é".repeat(65)]: "" })],
    ["an empty name", merge({ "": "x" })],
    [
      "more than the limit",
      merge(Object.fromEntries(Array.from({ length: 63 }, (_, n) => [n, ""]))),
    ],
  ])("cannot become %s", (_name, transform) => {
    expect(refusalKind([onAttributes(transform)], { attributes })).toBe("ATTRIBUTES_INVALID");
  });

  it("may be as large as a send allows", () => {
    const most = Object.fromEntries(
      Array.from({ length: 64 }, (_, n) => [`${n}`.padEnd(128, "k"), "v".repeat(4096)]),
    );
    const half = Object.fromEntries(Object.entries(most).slice(0, 15));
    expect(refusalKind([onAttributes(merge(half))], {})).toBe("applied");
  });

  it("may be called __proto__", () => {
    const transform: Transform = {
      target: "ATTRIBUTES",
      kind: "JSON_PATCH",
      patch: '[{"op":"add","path":"/__proto__","value":"x"}]',
    };
    expect(Object.entries(applied([transform], {}).message.attributes)).toEqual([
      ["__proto__", "x"],
    ]);
  });
});

describe("transforms", () => {
  it("apply all or none", () => {
    const result = edit([merge({ a: 1 }), patch({ op: "remove", path: "/missing" })], {});
    expect(result).toMatchObject({ ok: false, index: 1, refusal: { kind: "PATH_MISSING" } });
  });

  it("are validated without a message", () => {
    expect(transformProblem(merge({ a: 1 }))).toBeUndefined();
    expect(transformProblem(patch({ op: "spam", path: "/a" }))).toContain("op must be");
    expect(transformProblem({ ...merge(null), patch: "{" })).toContain("not JSON");
    const long = { ...merge(null), patch: `"${"x".repeat(MAX_PATCH_BYTES)}"` };
    expect(transformProblem(long)).toContain("exceeds");
  });

  it("accept patches with every member of a large object", () => {
    const wide = Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [`k${n}`, n]));
    expect(refusalKind([merge(wide)], {})).toBe("applied");
  });

  it("are refused if their record would be much longer than the patch", () => {
    const leaf = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`k${n}`, n]));
    const deep = (inner: object): object => {
      let value = inner;
      for (let n = 0; n < 100; n++) value = { deep: value };
      return value;
    };
    const payload = JSON.stringify(deep({}));
    expect(refusalKind([merge(deep(leaf))], { payload })).toBe("TOO_LARGE");
  });
});

describe("the record of an edit", () => {
  it("has source, time, change and inverse", () => {
    const { edits } = applied([merge({ a: 2, b: null, c: { d: 1, e: null } })], {
      payload: '{"a":1,"b":[true]}',
    });
    expect(edits).toEqual([
      {
        source: "operator",
        atMs: 1_700_000_000_000,
        target: "PAYLOAD",
        patch:
          '[{"op":"replace","path":"/a","value":2},{"op":"remove","path":"/b"},{"op":"add","path":"/c","value":{"d":1}}]',
        undo: '[{"op":"remove","path":"/c"},{"op":"add","path":"/b","value":[true]},{"op":"replace","path":"/a","value":1}]',
      },
    ]);
  });

  it("drops an inverse that is too long", () => {
    const payload = JSON.stringify({ a: "x".repeat(MAX_UNDO_BYTES) });
    const { edits } = applied([merge({ a: null })], { payload });
    expect(edits).toMatchObject([{ undo: undefined, patch: '[{"op":"remove","path":"/a"}]' }]);
  });

  it("is not changed by later operations on its values", () => {
    const { edits, message } = applied(
      [patch({ op: "add", path: "/a", value: {} }, { op: "add", path: "/a/b", value: 1 })],
      {},
    );
    expect(message.payload).toBe('{"a":{"b":1}}');
    expect(edits[0]?.patch).toContain('"value":{}');
  });
});

// A small set of names, so that paths of operations often exist.
const NAMES = ["a", "b", "~/", "__proto__"];
const pointer = fc
  .array(fc.constantFrom("/a", "/b", "/~0~1", "/__proto__", "/0", "/1", "/-"), { maxLength: 3 })
  .map((tokens) => tokens.join(""));
const json = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom("null", "true", "1", "9007199254740993", "1.0", '"x"'),
    fc.array(tie("value"), { maxLength: 3 }).map((items) => `[${items.join()}]`),
    fc
      .uniqueArray(fc.tuple(fc.constantFrom(...NAMES), tie("value")), {
        maxLength: 3,
        selector: ([name]) => name,
      })
      .map((entries) => `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${v}`).join()}}`),
  ),
})).value;
const operation = fc.oneof(
  fc
    .tuple(fc.constantFrom("add", "replace"), pointer, json)
    .map(([op, path, value]) => `{"op":"${op}","path":"${path}","value":${value}}`),
  pointer.map((path) => `{"op":"remove","path":"${path}"}`),
  fc
    .tuple(fc.constantFrom("move", "copy"), pointer, pointer)
    .map(([op, from, path]) => `{"op":"${op}","from":"${from}","path":"${path}"}`),
);

/** The operations that succeed, each after the earlier ones. */
function applicable(payload: string, operations: readonly string[]): string[] {
  let current = payload;
  return operations.filter((one) => {
    const result = edit([{ target: "PAYLOAD", kind: "JSON_PATCH", patch: `[${one}]` }], {
      payload: current,
    });
    if (result.ok) current = String(result.message.payload);
    return result.ok;
  });
}

/** Sorts members by name: an inverse adds a member at the end. */
function normalized(text: string): string {
  return JSON.stringify(JSON.parse(text, sorted as (key: string, value: unknown) => unknown));
}

function sorted(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value === "number") return `number ${context?.source}`;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

describe("the inverse of an edit", () => {
  const undone = (payload: string, transform: Transform): string | undefined => {
    const result = edit([transform], { payload });
    if (!result.ok) return undefined;
    const undo = result.edits[0]?.undo ?? "";
    const back = edit([{ ...transform, kind: "JSON_PATCH", patch: undo }], {
      payload: result.message.payload,
    });
    if (!back.ok) throw back.refusal;
    return String(back.message.payload);
  };

  it("restores the payload for any patch", () => {
    let operationCount = 0;
    fc.assert(
      fc.property(json, fc.array(operation, { minLength: 10, maxLength: 30 }), (payload, given) => {
        const operations = applicable(payload, given);
        operationCount += operations.length;
        const patch = `[${operations.join()}]`;
        const back = undone(payload, { target: "PAYLOAD", kind: "JSON_PATCH", patch });
        expect(normalized(back ?? "")).toBe(normalized(payload));
      }),
      { numRuns: 1000 },
    );
    expect(operationCount).toBeGreaterThan(1500);
  });

  it("restores the payload for any merge patch", () => {
    fc.assert(
      fc.property(json, json, (payload, patch) => {
        const back = undone(payload, { target: "PAYLOAD", kind: "MERGE_PATCH", patch });
        expect(normalized(back ?? "")).toBe(normalized(payload));
      }),
      { numRuns: 1000 },
    );
  });
});
