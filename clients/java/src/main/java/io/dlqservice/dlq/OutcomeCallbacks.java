package io.dlqservice.dlq;

import io.dlqservice.dlq.internal.FromProto;
import io.dlqservice.dlq.v1.Event;
import io.dlqservice.dlq.v1.MessageState;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The user's callbacks for what becomes of sent messages.
 *
 * @param onSucceeded null for none, as the others
 */
record OutcomeCallbacks(
    Consumer<OutcomeEvent> onSucceeded,
    Consumer<OutcomeEvent> onFailed,
    Consumer<OutcomeEvent> onQuarantined) {
  boolean isEmpty() {
    return onSucceeded == null && onFailed == null && onQuarantined == null;
  }

  /** Returns the call for an event; empty if no callback gets it. */
  Optional<Runnable> callFor(Event event, String sourceId) {
    return switch (event.getType()) {
      case EVENT_TYPE_RETRY_SUCCESS -> callOf("onSucceeded", onSucceeded, event, sourceId);
      case EVENT_TYPE_RETRY_FAILED -> callOf("onFailed", onFailed, event, sourceId);
      case EVENT_TYPE_MOVED_TO_POISON -> callOf("onQuarantined", onQuarantined, event, sourceId);
      default -> Optional.empty();
    };
  }

  private static Optional<Runnable> callOf(
      String name, Consumer<OutcomeEvent> callback, Event event, String sourceId) {
    if (callback == null) return Optional.empty();
    return Optional.of(
        () -> {
          try {
            callback.accept(outcomeOf(event, sourceId));
          } catch (RuntimeException | Error thrown) {
            Loop.logFault(
                "%s failed for message %s of queue \"%s\"; the event is not repeated"
                    .formatted(name, event.getMessageId(), event.getQueue()),
                thrown);
          }
        });
  }

  private static OutcomeEvent outcomeOf(Event event, String sourceId) {
    boolean isPlanned = event.getState() == MessageState.MESSAGE_STATE_SCHEDULED;
    return new OutcomeEvent(
        event.getMessageId(),
        event.getQueue(),
        event.getRetryCount(),
        FromProto.reason(event.getReasonValue()),
        FromProto.quarantineReason(event.getQuarantineReasonValue()),
        Times.ifSet(isPlanned && event.hasDueTime(), event.getDueTime()),
        event.getNote(),
        Times.from(event.getTime()),
        sourceId);
  }
}
