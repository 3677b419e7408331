import { LIMITS } from "../../core/settings.ts";
import { DAY_MS } from "../../core/time-units.ts";

/** The limits in the contract. Bytes are UTF-8 bytes. */
export const WIRE_LIMITS = {
  requestIdBytes: 128,
  /** Exact length of a send number's client id. */
  clientIdBytes: 16,
  sendNumber: Number.MAX_SAFE_INTEGER,
  etagBytes: 128,
  workerIdBytes: 128,
  /** source_id, dedup_key, ordering_key, content_type and each field of an origin. */
  identityBytes: 256,
  attributes: {
    count: LIMITS.attributes,
    keyBytes: LIMITS.attributeKeyBytes,
    valueBytes: LIMITS.attributeValueBytes,
  },
  coordinates: { count: 16, keyBytes: 128, valueBytes: 1024 },
  traceparentBytes: 128,
  tracestateBytes: 512,
  firstRetryMs: 365 * DAY_MS,
  ttlMinMs: 1_000,
  ttlMaxMs: 3650 * DAY_MS,
  retries: 1000,
  retryDelayMs: 30 * DAY_MS,
  scheduleDelays: LIMITS.scheduleDelays,
  maxElapsedMinMs: LIMITS.maxElapsedMinMs,
  maxElapsedMaxMs: LIMITS.maxElapsedMaxMs,
  retryWindows: LIMITS.retryWindows,
  multiplier: 100,
  priority: 100,
  /** Longer values are cut, never refused. */
  failure: {
    typeBytes: 512,
    messageBytes: 4096,
    stackTraceBytes: 16_384,
    fingerprintBytes: 256,
    attributes: { count: 32, keyBytes: 128, valueBytes: 1024 },
  },
  /** More than one failure with all its limits takes. */
  largestFailureBytes: 65_536,
  /** Failures are cut like others, and the oldest are dropped; never refused. */
  importedHistory: { attempts: 1000, failures: 15, failureBytes: 65_536 },
  /** Queues and patterns of one WatchEvents call. */
  watchedQueues: 100,
  /** `*` in all of them: each costs a search in the name of each queue that changes. */
  watchedAsterisks: 200,
  /** Values by which CountMessages counts. */
  countValues: 4,
  /** Messages in one TestRules call. */
  ruleSamples: 100,
  noteBytes: 1024,
  groupNoteBytes: 1024,
  /** A thousand ended jobs are kept, and each writes its record twice a second while it runs. */
  batchJob: {
    specBytes: 65_536,
    reasonBytes: 255,
    minRate: 0.01,
    maxRate: 1_000_000,
    pageDefault: 20,
    pageMax: 100,
    percents: 5,
    deadlineMinMs: 1_000,
    deadlineMaxMs: DAY_MS,
  },
  groupLinkChars: 500,
  /** Failures after which an archived group opens again. */
  archivedUntilCount: 1_000_000_000,
  /** Queues of a StreamDue or Stats request, outcomes, tokens, ids, requests of a batch. */
  items: 1000,
  inFlightBytesDefault: 64 * 1024 * 1024,
  frameBytes: LIMITS.frameBytes,
} as const;
