// Compares the table of limits in docs/reference/api.md with the constants of the code.

import { expect, test } from "vitest";
import { EXPORTS_AT_ONCE } from "../../src/app/messages/message-admin.ts";
import { STATS_QUEUES } from "../../src/app/stats.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import { REDACT_LIMITS } from "../../src/core/redaction/entry.ts";
import { DEFAULT_QUEUE_SETTINGS, LIMITS, QUEUE_NAME } from "../../src/core/settings.ts";
import { GROUPS_PAGE } from "../../src/rpc/convert/groups.ts";
import { WIRE_LIMITS } from "../../src/rpc/convert/limits.ts";
import { MESSAGES_PAGE_BYTES } from "../../src/rpc/convert/list-messages.ts";
import { PAGE_BYTES, PAGE_DEFAULT } from "../../src/rpc/convert/queues.ts";
import { WATCH_PATTERN_STEPS } from "../../src/rpc/filter-steps.ts";
import { MASK_LENGTH } from "../../src/rpc/json-values.ts";
import { READ_MAX_BYTES } from "../../src/rpc/methods.ts";
import { UNPAID_PIECES } from "../../src/rpc/pieces.ts";
import { MAX_FIELDS, MAX_JSON_DEPTH, MAX_VALUES } from "../../src/rpc/request-fields.ts";
import { WATCHES_OF_CONNECTION } from "../../src/rpc/watch-shares.ts";
import { RULE_LIMITS } from "../../src/rules/rule.ts";
import { CONSTANTS } from "../../src/store/redis/packed/constants.ts";
import { MOST_QUIET_SESSIONS } from "../../src/store/redis/quiet-sessions.ts";
import { readDocument, tableRows } from "./markdown.ts";

const API = readDocument("docs/reference/api.md");

/** Returns a size as `64 KiB`, or in bytes if it is not a whole number of KiB. */
function size(bytes: number): string {
  const mib = bytes / 1024 ** 2;
  if (mib >= 0.5) return `${mib} MiB`;
  return bytes % 1024 === 0 ? `${bytes / 1024} KiB` : `${bytes} bytes`;
}

const days = (ms: number) => `${ms / 86_400_000} days`;
const W = WIRE_LIMITS;

interface MapLimits {
  readonly count: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
}

function map({ count, keyBytes, valueBytes }: MapLimits): string {
  return `${count}; keys ${size(keyBytes)}, values ${size(valueBytes)}`;
}

const { NOTE_BYTES, HISTORY_ENTRIES, HISTORY_BYTES, TIMELINE_ENTRIES, TIMELINE_BYTES } =
  CONSTANTS.LIMIT;

const LEASE = `${LIMITS.leaseMinMs / 1000} s to ${LIMITS.leaseMaxMs / 3_600_000} h`;
const EXPECTED = [
  `\`${QUEUE_NAME.source.slice(1, -1)}\``,
  `${size(LIMITS.payloadDefaultBytes)}, or up to ${size(LIMITS.payloadMaxBytes)} by \`payload_max\``,
  map(W.attributes),
  size(W.requestIdBytes),
  `${size(W.clientIdBytes)}; from 1 to ${W.sendNumber}`,
  size(W.identityBytes),
  map(W.coordinates),
  `${days(W.firstRetryMs)} ahead`,
  `${W.ttlMinMs / 1000} s to ${days(W.ttlMaxMs)}`,
  `0 to ${W.retries}`,
  `0 to ${W.importedHistory.attempts}`,
  days(W.retryDelayMs),
  days(W.retryDelayMs),
  `-${W.priority} to ${W.priority}`,
  String(W.items),
  `\`max_stream_queues\` (${SETTINGS.maxStreamQueues.fallback}); a tenth, and at least 1000, for one connection`,
  `${W.watchedQueues}; ${W.watchedAsterisks}`,
  `\`max_watches\` (${SETTINGS.maxWatches.fallback}); ${WATCHES_OF_CONNECTION} for one connection; for one caller as many as are left for others`,
  `${WATCH_PATTERN_STEPS}; for one caller as many as are left for others`,
  size(LIMITS.batchBytes),
  `${W.items}; ${size(LIMITS.importBytes)}`,
  size(READ_MAX_BYTES),
  String(UNPAID_PIECES),
  String(MAX_FIELDS),
  `${MAX_VALUES}; ${MAX_JSON_DEPTH}`,
  `9; ${MASK_LENGTH}`,
  String(LIMITS.retryIds),
  `1 to ${W.items}, default ${PAGE_DEFAULT}, for \`Stats\` ${STATS_QUEUES}, for groups ${GROUPS_PAGE}; for batch jobs 1 to ${W.batchJob.pageMax}, default ${W.batchJob.pageDefault}`,
  size(PAGE_BYTES),
  size(MESSAGES_PAGE_BYTES),
  `${size(RULE_LIMITS.expressionBytes)}; ${W.countValues}`,
  String(LIMITS.openJobs),
  size(W.batchJob.specBytes),
  `${W.batchJob.reasonBytes} bytes; ${W.batchJob.minRate} to ${W.batchJob.maxRate} messages a second`,
  `${W.batchJob.percents}; ${W.batchJob.deadlineMinMs / 1000} s to ${W.batchJob.deadlineMaxMs / 3_600_000} h`,
  String(MOST_QUIET_SESSIONS),
  `${REDACT_LIMITS.entries}; each ${size(REDACT_LIMITS.entryBytes)}`,
  size(LIMITS.queueConfigBytes),
  size(LIMITS.queueConfigsBytes),
  size(READ_MAX_BYTES),
  String(EXPORTS_AT_ONCE),
  `1 to ${LIMITS.maxInFlight}, default ${LIMITS.maxInFlightDefault}`,
  `at least 1, default ${size(W.inFlightBytesDefault)}`,
  `${LEASE}, default ${DEFAULT_QUEUE_SETTINGS.leaseDurationMs / 1000} s`,
  size(W.frameBytes),
  `${W.failure.typeBytes} bytes, ${size(W.failure.messageBytes)}, ${size(W.failure.stackTraceBytes)}, ${W.failure.fingerprintBytes} bytes`,
  map(W.failure.attributes),
  size(W.groupNoteBytes),
  `${W.groupLinkChars} characters`,
  String(W.archivedUntilCount),
  `${size(W.noteBytes)}; the outbox keeps ${NOTE_BYTES} bytes`,
  `the last ${HISTORY_ENTRIES}, ${size(HISTORY_BYTES)} in all`,
  `the last ${TIMELINE_ENTRIES}, ${size(TIMELINE_BYTES)} in all`,
  `the last ${W.importedHistory.failures}, ${size(W.importedHistory.failureBytes)} in all`,
];

test("the table of limits", () => {
  expect(tableRows(API, "what").map((row) => row[1])).toEqual(EXPECTED);
});

test("limits in one row are equal", () => {
  expect([W.workerIdBytes, W.etagBytes]).toEqual([W.requestIdBytes, W.requestIdBytes]);
  expect(LIMITS.batchRequests).toBe(W.items);
});

test("the default number of queues", () => {
  expect(API).toContain(`(\`max_queues\`, ${SETTINGS.maxQueues.fallback} by default)`);
});
