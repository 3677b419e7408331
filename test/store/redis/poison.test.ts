import { expect, test } from "vitest";
import { useTestStore } from "../../support/store.ts";
import { item, only, SETTINGS, storedId } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";

const send = async (sourceId: string, settings = SETTINGS) =>
  only(await at.current.store.send(QUEUE, [item({ sourceId })], settings));

test("the fifth send of a source within its window is quarantined, and so are later ones", async () => {
  const states: string[] = [];
  for (let n = 0; n < 6; n++) {
    const reply = await send("s");
    states.push(reply.status === "stored" ? reply.state : reply.status);
  }
  expect(states).toEqual([
    ...Array.from({ length: 4 }, () => "SCHEDULED"),
    "QUARANTINED",
    "QUARANTINED",
  ]);
  expect(await send("other")).toMatchObject({ state: "SCHEDULED" });
});

test("sends without a source are never poison", async () => {
  const items = Array.from({ length: 10 }, () => item());
  const replies = await at.current.store.send(QUEUE, items, SETTINGS);
  expect(replies.every((r) => r.status === "stored" && r.state === "SCHEDULED")).toBe(true);
});

test("a threshold of 0 switches it off", async () => {
  for (let n = 0; n < 8; n++) {
    expect(await send("s", { ...SETTINGS, poisonThreshold: 0 })).toMatchObject({
      state: "SCHEDULED",
    });
  }
});

test("the count begins again after the window", async () => {
  const settings = { ...SETTINGS, poisonThreshold: 2, poisonWindowMs: 60_000 };
  await send("s", settings);
  await at.current.clock.advance(50_000);
  expect(await send("s", settings)).toMatchObject({ quarantineReason: "POISON" });
  await at.current.clock.advance(10_000);
  expect(await send("s", settings)).toMatchObject({ state: "SCHEDULED" });
});

test("our own retries never count", async () => {
  const settings = { ...SETTINGS, poisonThreshold: 2 };
  const id = storedId(await send("s", settings));
  for (let n = 0; n < 3; n++) await at.current.store.retry(QUEUE, new Uint8Array(), [id]);
  const { messages } = await at.current.dump(QUEUE);
  expect(only([...messages.values()])).toMatchObject({ state: "SCHEDULED", poisoned: false });
});

test("a retry out of quarantine starts the count again", async () => {
  const settings = { ...SETTINGS, poisonThreshold: 2 };
  await send("s", settings);
  const poison = storedId(await send("s", settings));
  await at.current.store.retry(QUEUE, new Uint8Array(), [poison]);
  expect(await send("s", settings)).toMatchObject({ state: "SCHEDULED" });
});

test("what is not accepted is not counted", async () => {
  const settings = { ...SETTINGS, poisonThreshold: 2, maxMessages: 1 };
  await send("s", settings);
  expect((await send("s", settings)).status).toBe("full");
  expect((await send("t", settings)).status).toBe("full");
  expect(await send("t", { ...settings, maxMessages: 0 })).toMatchObject({ state: "SCHEDULED" });
});

test("a verdict of the sender's wins over poison", async () => {
  const reply = only(
    await at.current.store.send(
      QUEUE,
      [item({ sourceId: "s", quarantineReason: "PRODUCER_REQUEST" })],
      { ...SETTINGS, poisonThreshold: 1 },
    ),
  );
  expect(reply).toMatchObject({ quarantineReason: "PRODUCER_REQUEST" });
});
