// What the log has of outcomes.

import { expect, it } from "vitest";
import { createAck } from "../../src/app/ack.ts";
import type { OutcomeCommand } from "../../src/app/commands.ts";
import { SessionRegistry } from "../../src/app/delivery/session-registry.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/settings.ts";
import { NO_METRICS } from "../../src/observe/metrics.ts";
import { partitionBase } from "../../src/store/redis/keys.ts";
import { partitionOf } from "../../src/store/redis/partitions.ts";
import { useTestStore } from "../support/store.ts";
import { item, SETTINGS, session, tokenOf } from "../support/store-items.ts";
import { readOutbox } from "../support/store-outbox.ts";

const at = useTestStore();
const NOTE = "Mrs. Smith's card is blocked";

it.each([
  [false, [], [undefined, undefined]],
  [true, [], [NOTE, NOTE]],
  [true, ["/card"], [undefined, undefined]],
])("has the notes of workers: %s, if the queue hides %j", async (logNotes, redact, notes) => {
  const lines = await linesOf(["quarantined", "discarded"], { logNotes, redact });
  expect(lines.map(({ note }) => note)).toEqual(notes);
});

it.each([
  [[], [NOTE, NOTE]],
  [["/card"], ["", ""]],
])(
  "the outbox has no notes of workers if the queue hides %j; the message has them",
  async (redact, notes) => {
    await linesOf(["quarantined", "discarded"], { redact });
    const { store, redis, prefix } = at.current;
    const changes = await readOutbox(
      redis,
      partitionBase(prefix, partitionOf("orders")).slice(0, -1),
    );
    const found = changes.flatMap((entry) => entry.changes);
    const settled = found.filter(({ kind }) => kind === "quarantined" || kind === "discarded");
    expect(settled.map(({ note }) => String(note))).toEqual(notes);
    const { messages } = await store.messageReads.states("orders", {
      newestFirst: false,
      after: undefined,
    });
    const [details] = await store.messageReads.details(
      "orders",
      messages.map(({ id }) => id),
    );
    expect(details?.events.map(({ note }) => note)).toEqual([NOTE]);
  },
);

it.each([
  [[], NOTE],
  [["attribute:token"], "[redacted]"],
])("has what failed, if the queue hides %j", async (redact, message) => {
  const lines = await linesOf(["failed"], { redact });
  expect(lines).toMatchObject([{ failure: { type: "Blocked", message } }]);
});

/** The lines about outcomes of these kinds. */
async function linesOf(
  kinds: readonly ("quarantined" | "discarded" | "failed")[],
  { logNotes = false, redact = [] }: { logNotes?: boolean; redact?: readonly string[] },
) {
  const { store, clock } = at.current;
  const lines: { note?: string; failure?: object }[] = [];
  const add = (facts: object) => void lines.push(facts);
  const ack = createAck({
    ...{ store, logNotes, random: () => 0.5, now: () => clock.nowMs, observer: NO_METRICS },
    settingsOf: () => ({ ...DEFAULT_QUEUE_SETTINGS, redact }),
    registry: new SessionRegistry(store.hints),
    log: { isLevelEnabled: () => true, debug: add, info: add, warn: add },
  });
  await store.send(
    "orders",
    kinds.map(() => item()),
    SETTINGS,
  );
  await clock.advance(3_600_000);
  const { claimed } = await at.current.tick("orders", [session(2)]);
  const outcomes = claimed.map((one, index): OutcomeCommand => {
    const kind = kinds[index] as (typeof kinds)[number];
    const token = tokenOf(one);
    if (kind !== "failed") return { kind, token, note: NOTE };
    const failure = { ...FAILURE, encode: () => new Uint8Array() };
    return { kind, token, failure, retryAfterMs: undefined, nonRetryable: true };
  });
  for (const { status } of await ack("", outcomes)) expect(status).toBe("APPLIED");
  return lines;
}

const FAILURE = {
  ...{ reason: undefined, type: "Blocked", message: NOTE },
  ...{
    stackTrace: "",
    fingerprint: "",
    grpcCode: undefined,
    httpStatus: undefined,
    attributes: {},
    retryAfterMs: undefined,
  },
};
