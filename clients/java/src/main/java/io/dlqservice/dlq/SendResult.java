package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.MessageState;
import io.dlqservice.dlq.v1.QuarantineReason;
import io.dlqservice.dlq.v1.Reason;
import java.time.Instant;
import java.util.Optional;

/** What became of a send. */
public sealed interface SendResult {
  SendStatus status();

  /**
   * Whether whoever called need not keep the message himself. In the memory of this process it is
   * not safer than with him.
   */
  default boolean isKept() {
    return true;
  }

  /**
   * Throws if the message is not kept.
   *
   * @return this
   * @throws DlqException that of {@link Dropped}
   */
  default SendResult orThrow() {
    return this;
  }

  /**
   * The service has it: by itself, or joined with an earlier message of its {@code dedupKey}.
   *
   * @param status {@code SENT} or {@code JOINED}
   * @param id of the message; of the one that it joined, if it did. May be empty then
   * @param reason as given, or as the server read it from the error
   * @param dueTime when the next retry is due, if one is
   * @param quarantineReason why it went to quarantine, if it did
   * @param queue where it is: the queue of the send, unless a rule has chosen another one
   */
  record Stored(
      SendStatus status,
      String id,
      MessageState state,
      Reason reason,
      Optional<Instant> dueTime,
      Optional<QuarantineReason> quarantineReason,
      String queue)
      implements SendResult {}

  /**
   * This machine has it, and delivers it when the service is back: once, under its identity.
   *
   * @param durable false: in memory only, and lost with the process
   */
  record Spooled(boolean durable) implements SendResult {
    @Override
    public SendStatus status() {
      return SendStatus.SPOOLED;
    }

    @Override
    public boolean isKept() {
      return durable;
    }
  }

  /**
   * It is the message that the running handler was given: the failure is that delivery's outcome.
   *
   * @param id of the message
   */
  record FailedDelivery(String id) implements SendResult {
    @Override
    public SendStatus status() {
      return SendStatus.DELIVERY;
    }
  }

  /**
   * The service does not have it, or nobody knows.
   *
   * @param error why, and whether the service may have it after all
   */
  record Dropped(DlqException error) implements SendResult {
    @Override
    public SendStatus status() {
      return SendStatus.DROPPED;
    }

    @Override
    public boolean isKept() {
      return false;
    }

    @Override
    public SendResult orThrow() {
      throw error;
    }
  }
}
