/**
 * Why a message failed. The numbers are those of `dlq.v1.Reason` and of stored data and never
 * change. The names appear in the CLI, metrics, logs and events.
 */
export const REASONS = {
  VALIDATION_FAILED: 1,
  EXECUTION_FAILED: 2,
  TIMEOUT: 3,
  RESOURCE_EXHAUSTED: 4,
  PLUGIN_ERROR: 5,
  WEBHOOK_FAILED: 6,
  MAX_RETRIES_EXCEEDED: 7,
  POISON_MESSAGE: 8,
  NETWORK_ERROR: 9,
  AUTHENTICATION_ERROR: 10,
  UNKNOWN_ERROR: 11,
} as const;

export type Reason = keyof typeof REASONS;

export const REASON_NAMES = Object.keys(REASONS) as readonly Reason[];

const byNumber = new Map<number, Reason>(REASON_NAMES.map((name) => [REASONS[name], name]));

/** The name of a number; undefined if it is unknown to this version. */
export function reasonFromNumber(n: number): Reason | undefined {
  return byNumber.get(n);
}

/**
 * Why a message is in quarantine, apart from the reason of its failure. The numbers never change.
 */
export const QUARANTINE_REASONS = {
  NON_RETRYABLE: 1,
  POISON: 2,
  RETRIES_EXHAUSTED: 3,
  CRASH_LOOP: 4,
  TTL_EXPIRED: 5,
  WORKER_REQUEST: 6,
  PRODUCER_REQUEST: 7,
  RULE: 8,
  OPERATOR_REQUEST: 9,
} as const;

export type QuarantineReason = keyof typeof QUARANTINE_REASONS;

const quarantineByNumber = new Map<number, QuarantineReason>(
  (Object.keys(QUARANTINE_REASONS) as QuarantineReason[]).map((name) => [
    QUARANTINE_REASONS[name],
    name,
  ]),
);

export function quarantineReasonFromNumber(n: number): QuarantineReason | undefined {
  return quarantineByNumber.get(n);
}
