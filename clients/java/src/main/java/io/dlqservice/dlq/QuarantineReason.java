package io.dlqservice.dlq;

/** Why a message is in quarantine; independent of the {@link Reason} of its failure. */
public enum QuarantineReason {
  /** A newer server has named a reason that this version does not know. */
  UNSPECIFIED,
  /** The failure was marked as non-retryable, or the queue never retries its reason or type. */
  NON_RETRYABLE,
  /** The same source id was sent too often within the poison window. */
  POISON,
  /** As many attempts failed as the policy allows. */
  RETRIES_EXHAUSTED,
  /** Its leases expired again and again without an outcome: it may crash its workers. */
  CRASH_LOOP,
  /** Its time to live ended before a worker took it. */
  TTL_EXPIRED,
  /** A worker quarantined it. */
  WORKER_REQUEST,
  /** The producer sent it as a poison message, or with its retries exhausted. */
  PRODUCER_REQUEST,
  /** A routing rule quarantined it. */
  RULE,
  /** Somebody brought it there by a batch job. */
  OPERATOR_REQUEST
}
