// What the log has of outcomes.

import { expect, it } from "vitest";
import { createAck } from "../../src/app/ack.ts";
import type { OutcomeCommand } from "../../src/app/commands.ts";
import { SessionRegistry } from "../../src/app/delivery/session-registry.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/settings.ts";
import { NO_METRICS } from "../../src/observe/metrics.ts";
import { useTestStore } from "../support/store.ts";
import { item, SETTINGS, session, tokenOf } from "../support/store-items.ts";

const at = useTestStore();
const NOTE = "Mrs. Smith's card is blocked";

it.each([
  [false, [undefined, undefined]],
  [true, [NOTE, NOTE]],
])("has the notes of workers: %s", async (logNotes, notes) => {
  const { store, clock } = at.current;
  const lines: { note?: string }[] = [];
  const add = (facts: object) => void lines.push(facts);
  const ack = createAck({
    ...{ store, logNotes, random: () => 0.5, now: () => clock.nowMs, observer: NO_METRICS },
    settingsOf: () => DEFAULT_QUEUE_SETTINGS,
    registry: new SessionRegistry(store.hints),
    log: { isLevelEnabled: () => true, debug: add, info: add, warn: add },
  });
  await store.send("orders", [item(), item()], SETTINGS);
  await clock.advance(3_600_000);
  const { claimed } = await at.current.tick("orders", [session(2)]);
  const kinds = ["quarantined", "discarded"] as const;
  const outcomes = claimed.map(
    (one, index): OutcomeCommand => ({
      ...{ kind: kinds[index] ?? "discarded", token: tokenOf(one), note: NOTE },
    }),
  );
  expect((await ack("", outcomes)).map(({ status }) => status)).toEqual(["APPLIED", "APPLIED"]);
  expect(lines.map(({ note }) => note)).toEqual(notes);
});
