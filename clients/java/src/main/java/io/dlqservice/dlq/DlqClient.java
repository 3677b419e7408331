package io.dlqservice.dlq;

import io.grpc.Channel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * A client of one deployment of the service. Make one and share it: all of it may be used by many
 * threads at a time.
 *
 * <pre>{@code
 * try (DlqClient dlq = DlqClient.builder("127.0.0.1:50051").service("orders").build()) {
 *   dlq.send("orders", order, error);
 * }
 * }</pre>
 */
public interface DlqClient extends AutoCloseable {
  /**
   * Begins a client.
   *
   * @param target the gRPC address, such as {@code 127.0.0.1:50051} or {@code dns:///dlq:50051}
   */
  static DlqClientBuilder builder(String target) {
    return new DlqClientBuilder(target);
  }

  /**
   * Hands over a message that could not be processed, and why. Throws nothing: look at {@link
   * SendResult#status()} to know whether the service has it. Waits for the result, for the timeout
   * at most, also where the thread is interrupted.
   *
   * @param payload a String, bytes, or anything that JSON can hold
   * @param error what was thrown; null if nothing was
   * @param options null for none
   */
  SendResult send(String queue, Object payload, Throwable error, SendOptions options);

  /** The same without options. */
  default SendResult send(String queue, Object payload, Throwable error) {
    return send(queue, payload, error, SendOptions.NONE);
  }

  /**
   * The same without waiting. The future never completes exceptionally; cancelling it gives up the
   * send.
   */
  CompletableFuture<SendResult> sendAsync(
      String queue, Object payload, Throwable error, SendOptions options);

  /** The same without options. */
  default CompletableFuture<SendResult> sendAsync(String queue, Object payload, Throwable error) {
    return sendAsync(queue, payload, error, SendOptions.NONE);
  }

  /**
   * Wraps a function: when it throws, its argument goes to the queue with the error. The wrapper
   * gives what the function gives, or null if the message is kept, by the service or on this
   * machine's disk. If it could not be kept, it throws the error itself, so that whoever called
   * keeps the message.
   *
   * @param options of the send, such as its source id
   */
  default <T, R> ThrowingFunction<T, R> deadLetter(
      String queue, ThrowingFunction<T, R> function, Function<T, SendOptions> options) {
    return DeadLetters.wrap(this, queue, function, options);
  }

  /** The same without options. */
  default <T, R> ThrowingFunction<T, R> deadLetter(String queue, ThrowingFunction<T, R> function) {
    return deadLetter(queue, function, value -> DeadLetters.ownOptions(value));
  }

  /** Begins a worker on messages that are due: it starts once it has its handler. */
  WorkerBuilder worker(String... queues);

  /**
   * Waits until everything sent so far has its result, and a listener knows what was dropped.
   *
   * @throws DlqException in an interceptor or a token supplier, where it would wait for itself
   */
  void flush();

  /**
   * Stops the workers, waits for what is pending, moves the rest to the spool, and ends. In a
   * handler of a worker, an interceptor or a token supplier, for which it would have to wait, it
   * only begins that.
   */
  @Override
  void close();

  /**
   * The same within a time.
   *
   * @param timeout how long to wait for handlers and sends; interrupting and reporting what has not
   *     ended by then takes 3 s more at most
   */
  void close(Duration timeout);

  /**
   * For the generated stubs of all methods, with this client's credentials: {@code
   * DlqServiceGrpc.newBlockingStub(dlq.channel())}.
   */
  Channel channel();
}
