// The reply to an edit is lost between Redis and the server. The caller repeats the request and
// gets the first answer.

import { expect, onTestFinished, test } from "vitest";
import type { RetryCommand } from "../../../src/app/commands.ts";
import { createRetry } from "../../../src/app/retry.ts";
import type { Messages } from "../../../src/store/contract.ts";
import type { RedisStore } from "../../../src/store/redis/redis-store.ts";
import { envelope, patchPayload, readEdits } from "../../support/edits.ts";
import { LinkProxy } from "../../support/link-proxy.ts";
import { until, useTestStore } from "../../support/store.ts";
import { item, NO_REQUEST, only, SETTINGS, session, storedId } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const QUIET = { isLevelEnabled: () => false, debug() {}, info() {}, warn() {} };
const APPEND = patchPayload({ op: "add", path: "/tags/-", value: 1 });

async function openLinked(): Promise<{ store: RedisStore; link: LinkProxy }> {
  const link = await LinkProxy.open(() => [{ path: at.current.server.socketPath }]);
  onTestFinished(() => link.close());
  const target = { kind: "url", url: `redis://${link.address}` } as const;
  const store = at.current.openStore({ target, timeoutMs: 300, pingMs: 100 });
  await until("the linked store", () => store.ready || undefined);
  return { store, link };
}

test("a repeated request gets the first answer, and the message is edited once", async () => {
  const { store, link } = await openLinked();
  // Loads the script, so that the lost reply is that of the script.
  await store.messages.retry(QUEUE, NO_REQUEST, []);
  const sent = { envelope: envelope('{"tags":[]}'), quarantineReason: "POISON" } as const;
  const id = storedId(only(await at.current.store.send(QUEUE, [item(sent)], SETTINGS)));
  const linked = store.messages;
  let isLosing = true;
  const messages: Messages = {
    full: undefined,
    contents: linked.contents.bind(linked),
    retry(...args) {
      if (isLosing) link.set({ blackhole: true }, ["down"]);
      return linked.retry(...args);
    },
    retryMatching: linked.retryMatching.bind(linked),
    matching: linked.matching.bind(linked),
    walk: linked.walk.bind(linked),
  };
  const retry = createRetry({
    settingsOf: () => ({ keyAttribute: "", redact: [] }),
    store: {
      messages,
      stats: store.stats.bind(store),
    },
    now: Date.now,
    log: QUIET,
  });
  const command: RetryCommand = {
    ...{ requestId: "r", queue: QUEUE, by: { ids: [id] }, transforms: [APPEND] },
  };
  await expect(retry(command)).rejects.toMatchObject({ kind: "STORE_UNAVAILABLE" });
  const { changes } = await at.current.dump(QUEUE);
  expect(changes.at(-1)?.kind, "it has happened").toBe("retried");

  isLosing = false;
  link.clear();
  const again = await until("an answer", () => retry(command).catch(() => undefined));
  expect(again).toEqual({ retriedCount: 1, refused: [] });
  const claimed = only((await at.current.tick(QUEUE, [session(1)])).claimed);
  const edits = readEdits(claimed.edits);
  expect(edits.payload?.body.value).toBe('{"tags":[1]}');
  expect(edits.applied).toHaveLength(1);
});
