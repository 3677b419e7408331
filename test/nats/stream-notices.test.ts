import { DiscardPolicy, type StreamConfig } from "@nats-io/jetstream";
import { expect, it } from "vitest";
import { DAY_MS } from "../../src/core/time-units.ts";
import { StreamNotices } from "../../src/nats/stream-notices.ts";

const SOUND: Partial<StreamConfig> = { name: "DLQ", discard: DiscardPolicy.New };
const CREATED = "2026-11-30T09:05:00.25Z";
const LATER = "2026-11-30T09:06:00.123456789Z";

/** `found`: finds the stream with this configuration. */
function start() {
  const clock = { nowMs: Date.parse(LATER) };
  const notices = new StreamNotices({ warn() {} }, () => clock.nowMs);
  const found = (config: Partial<StreamConfig>, created = CREATED) =>
    notices.found({
      ...{ isAtomic: true, isNew: false, created },
      config: { ...SOUND, ...config } as StreamConfig,
    });
  return { clock, notices, found };
}

it("warns while the configuration can lose events", () => {
  const { notices, found } = start();
  expect(notices.warnings).toEqual([]);
  for (let n = 0; n < 2; n++) {
    found({ max_msgs: 5, discard: DiscardPolicy.Old });
    expect(notices.warnings).toEqual([
      "stream DLQ can lose or refuse events: a full stream removes its oldest events; run nats stream edit DLQ --discard new",
    ]);
  }
  found({});
  expect(notices.warnings).toEqual([]);
});

it("warns for a day that the stream was created again", () => {
  const { clock, notices, found } = start();
  found({});
  found({});
  expect(notices.warnings).toEqual([]);
  found({}, LATER);
  found({}, LATER);
  const warning =
    "stream DLQ was created again at 2026-11-30T09:06:00.123Z: events that were in it are gone; find out who deleted it; let consumers read again what they derived from events";
  expect(notices.warnings).toEqual([warning]);
  clock.nowMs += DAY_MS - 1;
  expect(notices.warnings).toEqual([warning]);
  clock.nowMs += 1;
  expect(notices.warnings).toEqual([]);
});
