package io.dlqservice.dlq.testing;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import io.dlqservice.dlq.v1.Failure;
import io.dlqservice.dlq.v1.MessageState;
import io.dlqservice.dlq.v1.Reason;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A server in this process: it speaks the contract on a free port of the loopback, and keeps
 * everything in memory. Messages are due at once unless they were sent with a delay; a failed
 * attempt is due again at once, and quarantined after {@code maxRetries} of the message, or 3.
 */
public final class FakeServer implements AutoCloseable {
  static final Duration LEASE = Duration.newBuilder().setSeconds(30).build();
  private static final int NANOS_A_MS = 1_000_000;

  private final FakeService service = new FakeService();
  private final Server server;

  private FakeServer() throws IOException {
    server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(service)
            .build()
            .start();
  }

  public static FakeServer start() throws IOException {
    return new FakeServer();
  }

  /** Where it listens: what a client takes. */
  public String target() {
    return "127.0.0.1:" + server.getPort();
  }

  /** All of a queue, those that are gone too; oldest first. */
  public List<FakeMessage> messages(String queue) {
    return service.messages(queue);
  }

  /**
   * Waits until so many messages of a queue are in a state.
   *
   * @throws TimeoutException if they are not within 10 s
   */
  public List<FakeMessage> await(String queue, MessageState state, int count)
      throws InterruptedException, TimeoutException {
    return service.await(queue, state, count);
  }

  /** From now on it answers UNAVAILABLE. */
  public void goDown() {
    service.setDown(true);
  }

  public void comeBack() {
    service.setDown(false);
  }

  @Override
  public void close() {
    service.close();
    server.shutdownNow();
    try {
      server.awaitTermination(1, TimeUnit.SECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  static Reason reasonOf(Failure failure) {
    return failure.getReason() == Reason.REASON_UNSPECIFIED
        ? Reason.REASON_UNKNOWN_ERROR
        : failure.getReason();
  }

  static Timestamp timestamp(Instant instant) {
    return Timestamp.newBuilder()
        .setSeconds(instant.getEpochSecond())
        .setNanos(instant.getNano() / NANOS_A_MS * NANOS_A_MS)
        .build();
  }
}
