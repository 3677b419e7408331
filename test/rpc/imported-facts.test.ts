// What an import refuses in the facts of a message: its id, state, times and counts.

import { durationFromMs, type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { MessageState, QuarantineReason, Reason } from "../../gen/dlq/v1/state_pb.ts";
import {
  type ExportedParts,
  idAt,
  NOW_MS,
  readChanged,
  refusals,
  testLimit,
} from "./exported-message.ts";

const DAY_MS = 86_400_000;
const LONGEST_MS = 3_650 * DAY_MS;
const DURATION = "is longer than 3650 days;";
/** The first time that no Timestamp may have. */
const TOO_LATE: Timestamp = { ...timestampFromMs(0), seconds: 253_402_300_800n };
const NO_TIME = "is not a timestamp: years 1 to 9999, nanos 0 to 999999999";
const EPOCH = [0, -1] as const;

test("a message without changes is read", () => expect(refusals(() => {})).toEqual([]));

describe("the id", () => {
  const set = ({ message }: ExportedParts, id: string) => Object.assign(message, { id });
  const ID = idAt(NOW_MS);
  const NO_ID = "stored.message.id is not the id of a message: a UUID of version 7";
  testLimit("is a UUID", [ID, "x"], set, NO_ID);
  testLimit("has version 7", [ID, ID.replace("-7", "-4")], set, NO_ID);
  testLimit("has the variant", [ID.replace("-8", "-b"), ID.replace("-8", "-c")], set, NO_ID);
  testLimit(
    "has a time of at most a day ahead",
    [idAt(NOW_MS + DAY_MS), idAt(NOW_MS + DAY_MS + 1)],
    set,
    "stored.message.id has a time that is more than a day ahead of this server's clock",
  );
});

describe("what is known to this server", () => {
  testLimit(
    "state",
    [MessageState.IN_FLIGHT, MessageState.SUCCEEDED],
    ({ stored }, state) => Object.assign(stored, { state }),
    "stored.state is not SCHEDULED, IN_FLIGHT or QUARANTINED",
  );
  testLimit<number>(
    "reason",
    [Reason.UNKNOWN_ERROR, 99],
    ({ message }, reason) => Object.assign(message, { reason }),
    "stored.message.reason is unknown to this server",
  );
  testLimit<number>(
    "quarantine reason",
    [QuarantineReason.OPERATOR_REQUEST, 99],
    ({ stored }, quarantineReason) =>
      Object.assign(stored, { state: MessageState.QUARANTINED, quarantineReason }),
    "stored.quarantine_reason is unknown to this server",
  );
});

describe("times", () => {
  const due = ({ message }: ExportedParts, dueTime: Timestamp | undefined) =>
    Object.assign(message, { dueTime });
  testLimit(
    "a scheduled message has a due time",
    [timestampFromMs(0), undefined],
    due,
    "stored.message.due_time is required",
  );
  test("a quarantined message needs no due time", () => {
    const found = refusals((parts) => {
      due(parts, undefined);
      const quarantineReason = QuarantineReason.POISON;
      Object.assign(parts.stored, { state: MessageState.QUARANTINED, quarantineReason });
    });
    expect(found).toEqual([]);
  });
  testLimit(
    "due since 1970",
    EPOCH,
    (parts, ms) => due(parts, timestampFromMs(ms)),
    "stored.message.due_time is before 1970",
  );
  testLimit(
    "due within 365 days",
    [NOW_MS + 365 * DAY_MS, NOW_MS + 365 * DAY_MS + 1],
    (parts, ms) => due(parts, timestampFromMs(ms)),
    "stored.message.due_time is more than 365 days ahead",
  );
  test("due until year 9999", () => {
    expect(refusals((parts) => due(parts, TOO_LATE))).toContain(
      `stored.message.due_time ${NO_TIME}`,
    );
  });
  testLimit(
    "a round began since 1970",
    EPOCH,
    ({ exported }, ms) => Object.assign(exported, { roundStartTime: timestampFromMs(ms) }),
    "round_start_time is before 1970",
  );
  testLimit(
    "a time to live ends since 1970",
    EPOCH,
    ({ exported, message }, ms) => {
      exported.ttl = durationFromMs(1_000);
      message.expireTime = timestampFromMs(ms);
    },
    "stored.message.expire_time is before 1970",
  );
  testLimit(
    "a time to live that ends has a length",
    [durationFromMs(1_000), undefined],
    ({ exported, message }, ttl) => {
      message.expireTime = timestampFromMs(NOW_MS);
      Object.assign(exported, { ttl });
    },
    "ttl is required for a message with an expire_time",
  );
  const ttl = ({ exported }: ExportedParts, ms: number) =>
    Object.assign(exported, { ttl: durationFromMs(ms) });
  const allowed = "1 s to 3650 days are allowed";
  testLimit("longest ttl", [LONGEST_MS, LONGEST_MS + 1], ttl, `ttl ${DURATION} ${allowed}`);
  testLimit("shortest ttl", [1_000, 999], ttl, `ttl is shorter than 1 s; ${allowed}`);
  testLimit(
    "longest delay",
    [LONGEST_MS, LONGEST_MS + 1],
    ({ exported }, ms) => Object.assign(exported, { lastDelay: durationFromMs(ms) }),
    `last_delay ${DURATION} 0 s to 3650 days are allowed`,
  );
});

describe("counts", () => {
  const tooMany = (most: number) => `is ${most + 1}; at most ${most} is possible`;
  testLimit(
    "attempts",
    [65_535, 65_536],
    ({ message }, attempts) => Object.assign(message, { attempts }),
    `stored.message.attempts ${tooMany(65_535)}`,
  );
  const failures = ({ message }: ExportedParts, failureCount: number) =>
    Object.assign(message, { failureCount });
  testLimit(
    "failures",
    [65_535, 65_536],
    failures,
    `stored.message.failure_count ${tooMany(65_535)}`,
  );
  testLimit(
    "failures that are recorded",
    [1, 0],
    failures,
    "stored.message.failure_count is 0, and there are 1",
  );
  testLimit(
    "releases",
    [255, 256],
    ({ stored }, releaseCount) => Object.assign(stored, { releaseCount }),
    `stored.release_count ${tooMany(255)}`,
  );
  testLimit(
    "expired leases",
    [255, 256],
    ({ stored }, expiredLeaseCount) => Object.assign(stored, { expiredLeaseCount }),
    `stored.expired_lease_count ${tooMany(255)}`,
  );
  testLimit(
    "moves",
    [255, 256],
    ({ exported }, moveCount) => Object.assign(exported, { moveCount }),
    `move_count ${tooMany(255)}`,
  );
  const priority = ({ exported }: ExportedParts, effectivePriority: number) =>
    Object.assign(exported, { effectivePriority });
  for (const sign of [1, -1])
    testLimit(
      `priority ${sign * 100}`,
      [sign * 100, sign * 101],
      priority,
      `effective_priority is ${sign * 101}; it must be from -100 to 100`,
    );
  test("more unknown outcomes than can be stored are the most", () => {
    const { item } = readChanged(({ stored }) =>
      Object.assign(stored, { unknownOutcomeCount: 65_536 }),
    );
    expect(item.unknownOutcomes).toBe(65_535);
  });
});
