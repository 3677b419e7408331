package io.dlqservice.dlq;

/** The state of a message. */
public enum MessageState {
  /** The message is no longer known, or a newer server has named a state that is not known here. */
  UNSPECIFIED,
  /** Waits for its due time, or for a worker. */
  SCHEDULED,
  /** A worker holds it under a lease. */
  IN_FLIGHT,
  /** Set aside until somebody decides. */
  QUARANTINED,
  /** Gone: a worker reported success. */
  SUCCEEDED,
  /** Gone: a worker or a policy discarded it. */
  DISCARDED,
  /** Gone: its time to live or its retention in quarantine ended. */
  EXPIRED,
  /** Gone: an operator purged it. */
  PURGED
}
