package io.dlqservice.dlq;

import io.grpc.Channel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * Sends dead letters to the DLQ service, and runs workers for due messages. Thread-safe: make one
 * client and share it.
 *
 * <pre>{@code
 * try (DlqClient dlq = DlqClient.builder("127.0.0.1:50051").service("orders").build()) {
 *   dlq.send("orders", order, error);
 * }
 * }</pre>
 */
public interface DlqClient extends AutoCloseable {
  /**
   * Returns a builder of a client.
   *
   * @param target the gRPC address: {@code 127.0.0.1:50051} or {@code http://127.0.0.1:50051}, or
   *     {@code https:} with TLS; also a target of gRPC, such as {@code dns:///dlq:50051}
   * @throws IllegalArgumentException if it is none of these, or has a path
   */
  static DlqClientBuilder builder(String target) {
    return new DlqClientBuilder(target);
  }

  /**
   * Sends a message that could not be processed. Never throws: {@link SendResult#status()} has the
   * result. Blocks until then, up to the timeout (5 s by default), also if the thread is
   * interrupted.
   *
   * @param payload a String, bytes, or an object that JSON can hold
   * @param error the cause; null for none
   * @param options null for none
   */
  SendResult send(String queue, Object payload, Throwable error, SendOptions options);

  /** Sends without options. */
  default SendResult send(String queue, Object payload, Throwable error) {
    return send(queue, payload, error, SendOptions.NONE);
  }

  /**
   * Sends without blocking. The future never completes exceptionally; cancelling it cancels the
   * send.
   */
  CompletableFuture<SendResult> sendAsync(
      String queue, Object payload, Throwable error, SendOptions options);

  /** Sends without options. */
  default CompletableFuture<SendResult> sendAsync(String queue, Object payload, Throwable error) {
    return sendAsync(queue, payload, error, SendOptions.NONE);
  }

  /**
   * Wraps a function so that a failure sends its argument to the queue. The wrapper then returns
   * null if the service or the local disk keeps the message; otherwise it throws the function's own
   * error. A stage that the function returns may fail later, which is handled in the same way.
   *
   * @param options returns the options of a send, such as its source id
   */
  default <T, R> ThrowingFunction<T, R> deadLetter(
      String queue, ThrowingFunction<T, R> function, Function<T, SendOptions> options) {
    return new DeadLetters<>(this, queue, function, options);
  }

  /** Wraps a function without options. */
  default <T, R> ThrowingFunction<T, R> deadLetter(String queue, ThrowingFunction<T, R> function) {
    return deadLetter(queue, function, value -> DeadLetters.ownOptions(value));
  }

  /** Returns a builder of a worker for due messages. Its start method takes the handler. */
  WorkerBuilder worker(String... queues);

  /** Returns the state of the client. Makes no call, but may wait for a write to the spool. */
  ClientStatus status();

  /**
   * Asks the service once, with the token, and the service its store.
   *
   * @return how long the answer took
   * @throws DlqException if there was none in time, or the service refused; the message says what
   *     to do
   */
  Duration ping(Duration timeout);

  /** Asks the service once, within the timeout of a send. */
  Duration ping();

  /**
   * Waits until every send so far has its result, and the listener was called for each dropped
   * message.
   *
   * @throws DlqException in an interceptor or a token supplier, where it would deadlock
   */
  void flush();

  /**
   * Stops the workers, waits for pending sends, moves the rest to the spool, and ends. In a
   * handler, an interceptor or a token supplier it does not wait, because that would deadlock.
   */
  @Override
  void close();

  /**
   * Closes within a time.
   *
   * @param timeout how long to wait for handlers and sends. Interrupting handlers and reporting
   *     outcomes may take 3 s more
   */
  void close(Duration timeout);

  /**
   * The channel with this client's credentials, for the generated stubs of all methods: {@code
   * DlqServiceGrpc.newBlockingStub(dlq.channel())}.
   */
  Channel channel();
}
