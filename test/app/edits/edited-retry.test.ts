// Retry with transforms, on a real store.

import { beforeEach, describe, expect, it, test } from "vitest";
import type { RetryCommand } from "../../../src/app/commands.ts";
import { createRetry } from "../../../src/app/retry.ts";
import type { Transform } from "../../../src/core/transform/transform.ts";
import type { Messages, SendItem } from "../../../src/store/contract.ts";
import { envelope, mergePayload, patchPayload, readEdits } from "../../support/edits.ts";
import { useTestStore } from "../../support/store.ts";
import { hex, item, SETTINGS, session, storedId, toRetry } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const QUIET = { isLevelEnabled: () => false, debug() {}, info() {}, warn() {} };
const FIX = mergePayload({ to: "b" });
const ALL = { states: [], reasons: [], quarantineReasons: [] };

type Retry = ReturnType<typeof createRetry>;
const retryOver = (messages: Messages): Retry => {
  const { store } = at.current;
  const parts = {
    stats: store.stats.bind(store),
    messages,
  };
  return createRetry({
    store: parts,
    settingsOf: () => ({ keyAttribute: "host", redact }),
    now: () => at.current.clock.nowMs,
    log: QUIET,
  });
};
let retry: Retry;
/** What the queue hides. */
let redact: readonly string[];
beforeEach(() => {
  redact = [];
  retry = retryOver(at.current.store.messages);
});

/** The store, with the functions that a test replaces. */
function wrapped(changes: Partial<Messages>): Messages {
  const { messages } = at.current.store;
  return {
    full: undefined,
    contents: messages.contents.bind(messages),
    retry: messages.retry.bind(messages),
    retryMatching: messages.retryMatching.bind(messages),
    matching: messages.matching.bind(messages),
    walk: messages.walk.bind(messages),
    ...changes,
  };
}

const send = async (...payloads: (string | Partial<SendItem>)[]) =>
  (
    await at.current.store.send(
      QUEUE,
      payloads.map((one) =>
        item(
          typeof one === "string"
            ? { envelope: envelope(one), quarantineReason: "POISON" }
            : { envelope: envelope('{"to":"a"}'), quarantineReason: "POISON", ...one },
        ),
      ),
      SETTINGS,
    )
  ).map(storedId);

const call = (over: Partial<RetryCommand>, transforms: readonly Transform[] = [FIX]) =>
  retry({ requestId: "", queue: QUEUE, by: { ids: [] }, transforms, ...over });
const byIds = (ids: readonly (Uint8Array | undefined)[], over: Partial<RetryCommand> = {}) =>
  call({ by: { ids }, ...over });
const byFilter = (expectedCount: number, over: Partial<RetryCommand> = {}) =>
  call({ by: { filter: ALL, expectedCount }, ...over });

/** The delivered payloads by id. */
async function delivered(): Promise<Map<string, string>> {
  const { claimed } = await at.current.tick(QUEUE, [session(1)]);
  return new Map(
    claimed.map(({ id, edits }) => {
      const payload = edits === undefined ? undefined : readEdits(edits).payload?.body.value;
      return [hex(id), String(payload ?? "as sent")];
    }),
  );
}

describe("by ids", () => {
  it("edits and retries messages, and reports why others are refused", async () => {
    const [good, broken, flying] = (await send('{"to":"a"}', "no json", {
      quarantineReason: undefined,
    })) as [Uint8Array, Uint8Array, Uint8Array];
    await at.current.tick(QUEUE, [session(2)]);
    const result = await byIds([undefined, broken, flying, new Uint8Array(16), good]);
    expect(result).toMatchObject({
      retriedCount: 1,
      refused: [
        { index: 0, refusal: "INVALID_ID" },
        { index: 1, refusal: "TRANSFORM_FAILED", detail: expect.stringContaining("NOT_JSON") },
        { index: 2, refusal: "IN_FLIGHT" },
        { index: 3, refusal: "NOT_FOUND" },
      ],
    });
    expect(await delivered()).toEqual(new Map([[hex(good), '{"to":"b"}']]));
    expect((await at.current.dump(QUEUE)).messages.get(hex(broken))?.state).toBe("QUARANTINED");
  });

  it.each([
    [undefined, "Retry"],
    ["ops", "Retry by ops"],
  ])("records the caller %s", async (caller, who) => {
    const ids = await send('{"to":"a"}');
    await byIds(ids, { caller });
    const { claimed } = await at.current.tick(QUEUE, [session(1)]);
    const { edits } = claimed[0] ?? {};
    expect(edits && readEdits(edits).edits).toMatchObject([{ who }]);
  });

  it("edits a repeated id once", async () => {
    const [id] = (await send('{"tags":[]}')) as [Uint8Array];
    const append = patchPayload({ op: "add", path: "/tags/-", value: 1 });
    expect(await byIds([id, id], { transforms: [append] })).toMatchObject({ retriedCount: 2 });
    expect(await delivered()).toEqual(new Map([[hex(id), '{"tags":[1]}']]));
    const [broken] = (await send("no json")) as [Uint8Array];
    expect((await byIds([broken, broken])).refused).toHaveLength(2);
  });

  it("applies a transform once to a message, in any number of calls", async () => {
    const [id] = (await send('{"tags":[]}')) as [Uint8Array];
    const append = patchPayload({ op: "add", path: "/tags/-", value: 1 });
    for (let n = 0; n < 3; n++) {
      expect(await byIds([id], { transforms: [append] })).toMatchObject({ retriedCount: 1 });
    }
    expect(await delivered()).toEqual(new Map([[hex(id), '{"tags":[1]}']]));
  });

  it("reads a message again if it changed meanwhile", async () => {
    const [id] = (await send('{"to":"a"}')) as [Uint8Array];
    const { messages } = at.current.store;
    let disturbed = 0;
    const disturbing = wrapped({
      async contents(...args: Parameters<Messages["contents"]>) {
        const page = await messages.contents(...args);
        if (disturbed++ < 2)
          await at.current.store.messages.retry(QUEUE, new Uint8Array(), toRetry([id]));
        return page;
      },
    });
    const disturbedRetry = retryOver(disturbing);
    const by = { ids: [id] };
    const result = await disturbedRetry({ requestId: "", queue: QUEUE, by, transforms: [FIX] });
    expect(result).toMatchObject({ retriedCount: 1 });
    expect(disturbed).toBe(3);
    expect(await delivered()).toEqual(new Map([[hex(id), '{"to":"b"}']]));
  });
});

describe("a repeated request", () => {
  it("gets the first answer and changes nothing", async () => {
    const [id, broken] = (await send('{"to":"a"}', "no json")) as [Uint8Array, Uint8Array];
    const first = await byIds([id, broken], { requestId: "r" });
    const before = await at.current.dump(QUEUE);
    expect(await byIds([id, broken], { requestId: "r" })).toEqual(first);
    expect(await at.current.dump(QUEUE)).toEqual(before);
  });

  it("gets the first answer with a filter too, with the refused messages", async () => {
    const [, broken] = (await send('{"to":"a"}', "no json")) as [Uint8Array, Uint8Array];
    const first = await byFilter(2, { requestId: "r" });
    expect(first).toMatchObject({
      retriedCount: 1,
      refused: [{ id: broken, refusal: "TRANSFORM_FAILED" }],
    });
    expect(await byFilter(2, { requestId: "r" })).toEqual(first);
  });

  it("edits nothing twice after a lost reply", async () => {
    const [id] = (await send('{"tags":[]}')) as [Uint8Array];
    const append = patchPayload({ op: "add", path: "/tags/-", value: 1 });
    const { messages } = at.current.store;
    const losing = wrapped({
      async retry(...args: Parameters<Messages["retry"]>) {
        await messages.retry(...args);
        throw new Error("the reply was lost");
      },
    });
    const command = { requestId: "r", queue: QUEUE, by: { ids: [id] }, transforms: [append] };
    await expect(retryOver(losing)(command)).rejects.toThrow("lost");
    expect(await retry(command)).toMatchObject({ retriedCount: 1, refused: [] });
    expect(await delivered()).toEqual(new Map([[hex(id), '{"tags":[1]}']]));
  });
});

describe("a dry run", () => {
  it("returns what would happen with previews, and changes nothing", async () => {
    const [good, broken] = (await send('{"to":"a"}', "no json")) as [Uint8Array, Uint8Array];
    const before = await at.current.dump(QUEUE);
    for (const result of [
      await byIds([good, broken], { dryRun: true, requestId: "r" }),
      await byFilter(2, { dryRun: true, requestId: "r" }),
    ]) {
      expect(result).toMatchObject({
        retriedCount: 1,
        refused: [{ index: 1, refusal: "TRANSFORM_FAILED", id: broken }],
        previews: [
          {
            id: good,
            before: { payload: { body: '{"to":"a"}' } },
            after: { payload: { body: '{"to":"b"}' } },
          },
        ],
      });
    }
    expect(await at.current.dump(QUEUE)).toEqual(before);
    expect(await byIds([good], { requestId: "r" }), "nothing was remembered").toMatchObject({
      retriedCount: 1,
    });
  });

  it("without transforms returns how many messages would be retried", async () => {
    const ids = await send("{}", "{}");
    const result = await byIds([...ids, new Uint8Array(16)], { dryRun: true, transforms: [] });
    expect(result).toMatchObject({
      retriedCount: 2,
      refused: [{ index: 2, refusal: "NOT_FOUND" }],
      previews: [],
    });
  });

  it("fails if the count differs from the expected one", async () => {
    await send("{}", "{}");
    const wrong = byFilter(1, { dryRun: true });
    await expect(wrong).rejects.toMatchObject({ kind: "PRECONDITION", message: /2 match/ });
  });

  it("hides values of the queue in previews, also where a transform has copied them", async () => {
    redact = ["/to"];
    const ids = await send('{"to":"bob","n":1.0}');
    const copy = patchPayload({ op: "copy", from: "/to", path: "/cc" });
    const other = mergePayload({ to: "eve" });
    const preview = async (showRedacted: boolean) => {
      const transforms = [copy, other];
      const { previews } = await byIds(ids, { dryRun: true, transforms, showRedacted });
      return previews?.map(({ before, after, redacted }) => ({
        ...{ before: before.payload.body, after: after.payload.body, redacted },
      }));
    };
    expect(await preview(false)).toEqual([
      {
        before: '{"to":"[redacted]","n":1.0}',
        after: '{"to":"[redacted]","n":1.0,"cc":"[redacted]"}',
        redacted: ["/to"],
      },
    ]);
    expect(await preview(true)).toMatchObject([{ after: '{"to":"eve","n":1.0,"cc":"bob"}' }]);
  });

  it("does not quote a payload that is no JSON", async () => {
    const [id] = await send("Mrs. Smith");
    const { refused } = await byIds([id as Uint8Array], { dryRun: true });
    expect(refused).toMatchObject([{ detail: expect.stringContaining("is not JSON") }]);
    expect(refused[0]?.detail).not.toContain("Smith");
  });

  it("shows at most ten previews, and no more than a response can hold", async () => {
    const ids = await send(...Array.from({ length: 12 }, () => '{"to":"a"}'));
    expect((await byIds(ids, { dryRun: true })).previews).toHaveLength(10);
    const large = await send(...Array.from({ length: 4 }, () => `{"x":"${"x".repeat(500_000)}"}`));
    expect((await byIds(large, { dryRun: true })).previews).toHaveLength(3);
    // Markers make these longer.
    redact = ["/n/*"];
    const n = Array.from({ length: 9_000 }, () => 1);
    const many = JSON.stringify({ n, x: "x".repeat(130_000) });
    const grown = await byIds(await send(...Array.from({ length: 10 }, () => many)), {
      dryRun: true,
    });
    expect(JSON.stringify(grown.previews).length).toBeLessThan(3.5 * 2 ** 20);
    expect(grown.previews?.length).toBeGreaterThan(4);
  });
});

test("a call that would edit too many bytes is refused and changes nothing", async () => {
  const ids = await send(...Array.from({ length: 18 }, () => `{"x":"${"x".repeat(999_000)}"}`));
  const before = (await at.current.dump(QUEUE)).counters;
  for (const by of [{ ids }, { filter: ALL, expectedCount: ids.length }]) {
    const tooMuch = call({ by, transforms: [patchPayload({ op: "add", path: "/y", value: 1 })] });
    await expect(tooMuch).rejects.toMatchObject({ kind: "INVALID", message: /16 MiB/ });
  }
  expect((await at.current.dump(QUEUE)).counters).toEqual(before);
});

test("a call whose results are too large is refused", async () => {
  const grow = patchPayload(
    { op: "add", path: "/a", value: "x".repeat(50_000) },
    ...Array.from({ length: 18 }, (_, n) => ({ op: "copy", from: "/a", path: `/b${n}` })),
  );
  const ids = await send(...Array.from({ length: 20 }, () => "{}"));
  await expect(byIds(ids, { transforms: [grow] })).rejects.toMatchObject({ kind: "INVALID" });
});

test("an aborted call stops the work and changes nothing", async () => {
  const ids = await send("{}", "{}");
  const stop = AbortSignal.abort();
  const given = { requestId: "", queue: QUEUE, by: { ids }, transforms: [FIX] };
  await expect(retry(given, stop)).rejects.toThrow();
  expect((await at.current.dump(QUEUE)).edits).toEqual([]);
});
