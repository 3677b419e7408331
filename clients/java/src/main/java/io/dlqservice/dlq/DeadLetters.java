package io.dlqservice.dlq;

import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wraps functions, so that what they throw is sent. */
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
        // Nobody hears of the error any more, and this one is for the thread's owner as well.
        if (error instanceof InterruptedException) Thread.currentThread().interrupt();
        return null;
      }
    };
  }

  /** A handler of a worker has its delivery as the argument: its payload is the message. */
  static SendOptions ownOptions(Object value) {
    return value instanceof Delivery delivery
        ? SendOptions.ofSourceId(delivery.sourceId())
        : SendOptions.NONE;
  }

  /** What the caller's options throw must not take the place of the error itself. */
  private static <T> boolean isKept(
      DlqClient client, String queue, T value, Exception error, Function<T, SendOptions> options) {
    SendOptions given;
    try {
      given = options.apply(value);
    } catch (RuntimeException thrown) {
      LOG.error("a message could not be sent, its options threw", thrown);
      return false;
    }
    return client.send(queue, value, error, given).isKept();
  }
}
