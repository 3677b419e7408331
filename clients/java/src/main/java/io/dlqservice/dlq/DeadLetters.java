package io.dlqservice.dlq;

import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A function whose failures send its argument.
 *
 * @param options returns the options of a send
 */
record DeadLetters<T, R>(
    DlqClient client,
    String queue,
    ThrowingFunction<T, R> function,
    Function<T, SendOptions> options)
    implements ThrowingFunction<T, R> {
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);

  DeadLetters {
    Checks.queue(queue);
    Objects.requireNonNull(function, "function");
    Objects.requireNonNull(options, "options");
  }

  /** A worker's handler has the delivery as its argument. */
  static SendOptions ownOptions(Object value) {
    return value instanceof Delivery delivery
        ? SendOptions.ofSourceId(delivery.sourceId())
        : SendOptions.NONE;
  }

  @Override
  @SuppressWarnings("unchecked") // a stage of the same kind
  public R apply(T value) throws Exception {
    R result;
    try {
      result = function.apply(value);
    } catch (Exception error) {
      Optional<SendOptions> given = optionsOf(value);
      if (given.isEmpty() || !client.send(queue, value, error, given.get()).isKept()) throw error;
      // The error is not thrown, so the interrupt must be set again.
      if (error instanceof InterruptedException) Thread.currentThread().interrupt();
      return null;
    }
    if (result instanceof CompletionStage<?> stage) {
      return (R) stage.exceptionallyCompose(thrown -> nullIfKept(value, thrown));
    }
    if (!Payloads.isFuture(result) && !Payloads.isPublisher(result)) return result;
    throw new IllegalStateException(
        "the function for queue \""
            + queue
            + "\" returned a "
            + result.getClass().getName()
            + ", whose failure would be ignored; wait for its result, or return a CompletionStage");
  }

  private <S> CompletionStage<S> nullIfKept(T value, Throwable thrown) {
    Throwable error = CauseChain.unwrapped(thrown);
    Optional<SendOptions> given = optionsOf(value).filter(none -> error instanceof Exception);
    if (given.isEmpty()) return CompletableFuture.failedFuture(error);
    return client
        .sendAsync(queue, value, error, given.get())
        .thenCompose(
            sent ->
                sent.isKept()
                    ? CompletableFuture.completedFuture(null)
                    : CompletableFuture.failedFuture(error));
  }

  /** Options that throw must not hide the error itself. */
  private Optional<SendOptions> optionsOf(T value) {
    try {
      return Optional.ofNullable(options.apply(value)).or(() -> Optional.of(SendOptions.NONE));
    } catch (RuntimeException thrown) {
      LOG.error("cannot send a message to the DLQ: its options threw", thrown);
      return Optional.empty();
    }
  }
}
