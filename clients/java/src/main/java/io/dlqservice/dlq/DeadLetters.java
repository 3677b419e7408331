package io.dlqservice.dlq;

import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wraps functions so that a failure sends their argument. */
final class DeadLetters {
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);

  private DeadLetters() {}

  static <T, R> ThrowingFunction<T, R> wrap(
      DlqClient client,
      String queue,
      ThrowingFunction<T, R> function,
      Function<T, SendOptions> options) {
    return value -> {
      try {
        return function.apply(value);
      } catch (Exception error) {
        if (!isKept(client, queue, value, error, options)) throw error;
        // The error is not thrown, so the interrupt must be set again.
        if (error instanceof InterruptedException) Thread.currentThread().interrupt();
        return null;
      }
    };
  }

  /** A worker's handler has the delivery as its argument. */
  static SendOptions ownOptions(Object value) {
    return value instanceof Delivery delivery
        ? SendOptions.ofSourceId(delivery.sourceId())
        : SendOptions.NONE;
  }

  /** Options that throw must not hide the error itself. */
  private static <T> boolean isKept(
      DlqClient client, String queue, T value, Exception error, Function<T, SendOptions> options) {
    SendOptions given;
    try {
      given = options.apply(value);
    } catch (RuntimeException thrown) {
      LOG.error("cannot send a message to the DLQ: its options threw", thrown);
      return false;
    }
    return client.send(queue, value, error, given).isKept();
  }
}
