package io.dlqservice.dlq;

/** Why processing a message failed. It selects the retry policy. */
public enum Reason {
  /** The server has not named one, or a newer server one that this version does not know. */
  UNSPECIFIED,
  /** The message itself is not acceptable: retrying it unchanged cannot help. */
  VALIDATION_FAILED,
  /** The code that processed the message failed. */
  EXECUTION_FAILED,
  /** Something did not answer in time. */
  TIMEOUT,
  /** A quota, rate limit or pool was used up. */
  RESOURCE_EXHAUSTED,
  /** A plugin or extension failed. */
  PLUGIN_ERROR,
  /** A webhook was answered with an error. */
  WEBHOOK_FAILED,
  /** The producer gave up: the message is quarantined at once. */
  MAX_RETRIES_EXCEEDED,
  /** The message cannot succeed: it is quarantined at once. */
  POISON_MESSAGE,
  /** A connection was refused, reset or unreachable. */
  NETWORK_ERROR,
  /** Credentials were missing, wrong or expired. */
  AUTHENTICATION_ERROR,
  /** None of the above is certain. */
  UNKNOWN_ERROR
}
