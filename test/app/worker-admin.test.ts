import { beforeEach, expect, test } from "vitest";
import { SessionRegistry } from "../../src/app/delivery/session-registry.ts";
import { createWorkerAdmin } from "../../src/app/queues/worker-admin.ts";
import { formatMessageId } from "../../src/core/message-id.ts";
import { useTestStore } from "../support/store.ts";
import { item, SETTINGS, sessionId } from "../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const ID = formatMessageId(sessionId(1));
const RECORD = { sessionId: ID, workerId: "billing-1", queues: [QUEUE], maxInFlight: 10 };

let lines: object[];
const write = (facts: object, message: string) => lines.push({ ...facts, message });
const log = { isLevelEnabled: () => true, debug: write, info: write, warn: write };
beforeEach(async () => {
  lines = [];
  await at.current.store.send(QUEUE, [item()], SETTINGS);
});

function set(quiet: boolean, sessionId = ID): Promise<boolean> {
  const { store } = at.current;
  const admin = createWorkerAdmin({ store, registry: new SessionRegistry(store.hints), log });
  return admin.quiet({ sessionId, quiet, caller: "ann" });
}
const quiet = async () => (await at.current.store.quietSessions.keep([ID])).has(ID);

test("a worker is made quiet and takes messages again; repeats change nothing", async () => {
  await at.current.store.registerSession(RECORD);
  expect(await set(true)).toBe(true);
  expect(await quiet()).toBe(true);
  expect(await set(true)).toBe(false);
  expect(await set(false)).toBe(true);
  expect(await quiet()).toBe(false);
  expect(await set(false)).toBe(false);
  // With the whole id a reader of logs could take over the session.
  const facts = { session: ID.slice(0, 8), caller: "ann" };
  expect(lines).toEqual([
    { ...facts, message: "worker made quiet by hand" },
    { ...facts, message: "worker takes messages again" },
  ]);
});

test("a session that is unknown cannot become quiet, but can stop being so", async () => {
  await expect(set(true)).rejects.toMatchObject({ kind: "NOT_FOUND" });
  await expect(set(false)).rejects.toMatchObject({ kind: "NOT_FOUND" });
  const { store } = at.current;
  await store.registerSession(RECORD);
  await set(true);
  await store.unregisterSession(RECORD, false);
  await expect(set(true)).rejects.toMatchObject({ kind: "NOT_FOUND" });
  expect(await set(false)).toBe(true);
  await expect(set(false)).rejects.toMatchObject({ kind: "NOT_FOUND" });
});
