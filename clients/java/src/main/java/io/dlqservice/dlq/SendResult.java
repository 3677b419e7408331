package io.dlqservice.dlq;

import java.time.Instant;
import java.util.Optional;

/** The result of a send. */
public sealed interface SendResult {
  SendStatus status();

  /**
   * Whether the service or the local disk keeps the message, so that the caller need not. False for
   * the process's memory.
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
   * This machine keeps the message, and sends it once when the service is back.
   *
   * @param durable false if it is only in memory, and lost if the process ends
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
   * The message is that of the running handler: the failure is the delivery's outcome.
   *
   * @param id the message's id
   */
  record FailedDelivery(String id) implements SendResult {
    @Override
    public SendStatus status() {
      return SendStatus.DELIVERY;
    }
  }

  /**
   * The message was dropped.
   *
   * @param error why, and whether the service may still have it
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
