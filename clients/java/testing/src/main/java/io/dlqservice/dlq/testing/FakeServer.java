package io.dlqservice.dlq.testing;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import io.dlqservice.dlq.MessageState;
import io.dlqservice.dlq.v1.Failure;
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
 * A fake of the service in this process, on a free port of the loopback, with messages in memory.
 * They are due at once unless sent with a delay. A failed attempt is due again at once, and the
 * message is quarantined after its {@code maxRetries}, 3 by default.
 */
public final class FakeServer implements AutoCloseable {
  static final Duration LEASE = Duration.newBuilder().setSeconds(30).build();
  private static final int NANOS_PER_MS = 1_000_000;

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

  /** The address for clients. */
  public String target() {
    return "127.0.0.1:" + server.getPort();
  }

  /** All messages of a queue, also processed ones; oldest first. */
  public List<FakeMessage> messages(String queue) {
    return service.messages(queue);
  }

  /**
   * Waits until {@code count} messages of a queue are in a state.
   *
   * @throws TimeoutException after 10 s
   */
  public List<FakeMessage> await(String queue, MessageState state, int count)
      throws InterruptedException, TimeoutException {
    return service.await(queue, state, count);
  }

  /** From now on calls fail with UNAVAILABLE. */
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

  static Instant instant(Timestamp time) {
    return Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
  }

  static Timestamp timestamp(Instant instant) {
    return Timestamp.newBuilder()
        .setSeconds(instant.getEpochSecond())
        .setNanos(instant.getNano() / NANOS_PER_MS * NANOS_PER_MS)
        .build();
  }
}
