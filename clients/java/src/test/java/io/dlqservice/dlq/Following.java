package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.dlqservice.dlq.SendResult.Stored;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Followed messages without the rest of a client. */
final class Following implements AutoCloseable {
  static final Instant ACCEPTED = Instant.ofEpochMilli(1_700_000_000_123L);

  final Loop loop = new Loop("test");
  final Listeners logLines = new Listeners("test-log");

  /** Calls of the callbacks of {@link #Following(String, long)}. */
  final BlockingQueue<String> called = new LinkedBlockingQueue<>();

  final FollowedMessages messages;
  private final ReconnectingChannel channel;

  /** Its callbacks record kind, queue and id. */
  Following(String target, long idleMs) {
    channel = channelTo(target);
    OutcomeCallbacks all =
        new OutcomeCallbacks(record("succeeded"), record("failed"), record("quarantined"));
    messages = new FollowedMessages(loop, channel, all, logLines, idleMs);
  }

  Following(String target, long idleMs, Consumer<OutcomeEvent> onSucceeded) {
    channel = channelTo(target);
    OutcomeCallbacks one = new OutcomeCallbacks(onSucceeded, null, null);
    messages = new FollowedMessages(loop, channel, one, logLines, idleMs);
  }

  private ReconnectingChannel channelTo(String target) {
    Connector connector = new Connector(Target.of(target, false), null, null, List.of());
    return new ReconnectingChannel(connector::connect, loop);
  }

  private Consumer<OutcomeEvent> record(String kind) {
    return event -> called.add(kind + " " + event.queue() + " " + event.id());
  }

  /** Returns a UUIDv7. */
  static String idOf(Instant accepted, int number) {
    return new UUID((accepted.toEpochMilli() << 16) | 0x7000, Long.MIN_VALUE | number).toString();
  }

  static String id(int number) {
    return idOf(ACCEPTED, number);
  }

  void sent(String queue, String id) {
    SendToDlqRequest request = SendToDlqRequest.newBuilder().setSourceId("of " + id).build();
    Stored stored =
        new Stored(
            SendStatus.SENT,
            id,
            MessageState.SCHEDULED,
            Reason.TIMEOUT,
            Optional.empty(),
            Optional.empty(),
            queue);
    messages.sent(request, stored);
  }

  String nextCall() throws InterruptedException {
    String next = called.poll(20, TimeUnit.SECONDS);
    assertNotNull(next, "no callback came within 20 s");
    return next;
  }

  @Override
  public void close() {
    messages.close();
    loop.execute(channel::close);
    loop.close();
  }
}
