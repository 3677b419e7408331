package io.dlqservice.dlq;

import static io.dlqservice.dlq.EventServer.event;
import static io.dlqservice.dlq.EventServer.failed;
import static io.dlqservice.dlq.EventServer.succeeded;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.EventServer.Watch;
import io.dlqservice.dlq.SendResult.Stored;
import io.dlqservice.dlq.v1.Event;
import io.dlqservice.dlq.v1.EventType;
import io.dlqservice.dlq.v1.MessageState;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OutcomeWatchTest {
  private static final Instant ACCEPTED = Instant.ofEpochMilli(1_700_000_000_123L);

  private final BlockingQueue<String> called = new LinkedBlockingQueue<>();
  private EventServer server;
  private Following following;

  /** Followed messages without the rest of a client. */
  private static final class Following implements AutoCloseable {
    final Loop loop = new Loop("test");
    final Listeners logLines = new Listeners("test-log");
    final FollowedMessages messages;
    private final ReconnectingChannel channel;

    Following(String target, long idleMs, OutcomeCallbacks callbacks) {
      Connector connector = new Connector(Target.of(target, false), null, null, List.of());
      channel = new ReconnectingChannel(connector::connect, loop);
      messages = new FollowedMessages(loop, channel, callbacks, logLines, idleMs);
    }

    void sent(String queue, String id) {
      SendToDlqRequest request = SendToDlqRequest.newBuilder().setSourceId("of " + id).build();
      Stored stored =
          new Stored(
              SendStatus.SENT,
              id,
              io.dlqservice.dlq.MessageState.SCHEDULED,
              Reason.TIMEOUT,
              Optional.empty(),
              Optional.empty(),
              queue);
      messages.sent(request, stored);
    }

    @Override
    public void close() {
      messages.close();
      loop.execute(channel::close);
      loop.close();
    }
  }

  @BeforeEach
  void open() throws Exception {
    server = new EventServer();
    following = following(FollowedMessages.IDLE_MS);
  }

  @AfterEach
  void close() {
    following.close();
    server.close();
  }

  private Following following(long idleMs) {
    return new Following(
        server.target(),
        idleMs,
        new OutcomeCallbacks(add("succeeded"), add("failed"), add("quarantined")));
  }

  private Consumer<OutcomeEvent> add(String kind) {
    return event -> called.add(kind + " " + event.queue() + " " + event.id());
  }

  private String nextCall() throws InterruptedException {
    String next = called.poll(20, TimeUnit.SECONDS);
    assertNotNull(next, "no callback came within 20 s");
    return next;
  }

  /** Returns a UUIDv7. */
  private static String idOf(Instant accepted, int number) {
    return new UUID((accepted.toEpochMilli() << 16) | 0x7000, Long.MIN_VALUE | number).toString();
  }

  private static String id(int number) {
    return idOf(ACCEPTED, number);
  }

  @Test
  void beginsOneSecondBeforeTheMessageWasAccepted() throws Exception {
    following.sent("q", id(1));
    Watch watch = server.next();
    assertEquals(List.of("q"), watch.request().getQueuesList());
    assertEquals(ACCEPTED.minusSeconds(1), Times.from(watch.request().getStartTime()));
    following.sent("q", id(2));
    watch.send("", failed("q", id(1)), failed("q", id(2)));
    assertEquals("failed q " + id(1), nextCall());
    assertEquals("failed q " + id(2), nextCall());
    assertNull(server.watches.poll()); // one call for both
  }

  @Test
  void goesOnBehindTheTokenWithoutRepeats() throws Exception {
    following.sent("q", id(1));
    Event[] events = new Event[5];
    for (int n = 0; n < events.length; n++) {
      events[n] = event(EventType.EVENT_TYPE_RETRY_FAILED, "q", id(1)).setRetryCount(n).build();
    }
    try (CapturedLog logged = new CapturedLog()) {
      Watch first = server.next();
      first.send("0");
      first.send("1", events[0]);
      first.send("", events[1], events[2]);
      for (int n = 0; n < 3; n++) nextCall();
      first.fail();
      Watch second = server.next();
      assertEquals("1", second.request().getResumeToken());
      second.send("1"); // as the server does, before what follows it
      second.send("2", events[1]);
      second.fail();
      Watch third = server.next();
      assertEquals("2", third.request().getResumeToken());
      third.send("2");
      third.send("", events[2], events[3]);
      nextCall();
      third.send("4", succeeded("q", id(1)));
      assertEquals("succeeded q " + id(1), nextCall());
      assertEquals(List.of(), List.copyOf(called));
      following.logLines.flush();
      List<String> lines = logged.with("the watch of queue \"q\" broke: the server drains");
      assertEquals(1, lines.size(), lines.toString()); // at most one a minute
    }
  }

  @Test
  void eventsBeforeTheResultOfTheSendComeOnce() throws Exception {
    following.sent("q", id(1));
    Watch watch = server.next();
    watch.send("", failed("q", id(2)), failed("q", id(3)), failed("q", id(1)));
    assertEquals("failed q " + id(1), nextCall());
    following.sent("q", id(2));
    assertEquals("failed q " + id(2), nextCall());
    following.sent("q", id(2)); // joined
    watch.send("", succeeded("q", id(2)), failed("q", id(1)));
    assertEquals("succeeded q " + id(2), nextCall());
    assertEquals("failed q " + id(1), nextCall());
  }

  @Test
  void aMessageIsFollowedUntilItIsGone() throws Exception {
    following.sent("q", id(1));
    Watch watch = server.next();
    Event joined =
        event(EventType.EVENT_TYPE_RETRY_SUCCESS, "q", id(1))
            .setState(MessageState.MESSAGE_STATE_SCHEDULED)
            .build();
    Event expired =
        event(EventType.EVENT_TYPE_EXPIRED, "q", id(1))
            .setState(MessageState.MESSAGE_STATE_QUARANTINED)
            .build();
    Event poison = event(EventType.EVENT_TYPE_MOVED_TO_POISON, "q", id(1)).build();
    Event purged =
        event(EventType.EVENT_TYPE_PURGED, "q", id(1))
            .setState(MessageState.MESSAGE_STATE_PURGED)
            .build();
    watch.send("", joined, expired, poison, purged, failed("q", id(1)));
    assertEquals("succeeded q " + id(1), nextCall());
    assertEquals("quarantined q " + id(1), nextCall());
    following.sent("q", id(2));
    watch.send("", failed("q", id(2)));
    assertEquals("failed q " + id(2), nextCall());
  }

  @Test
  void aMovedMessageIsFollowedInItsNewQueue() throws Exception {
    following.sent("q", id(1));
    Instant moved = Instant.ofEpochSecond(1_700_000_100);
    server
        .next()
        .send(
            "",
            event(EventType.EVENT_TYPE_MOVED_AWAY, "q", id(1))
                .setOtherQueue("slow")
                .setTime(Times.to(moved))
                .build(),
            failed("q", id(1)));
    Watch slow = server.next();
    assertEquals(List.of("slow"), slow.request().getQueuesList());
    assertTrue(!Times.from(slow.request().getStartTime()).isAfter(moved));
    slow.send("", succeeded("slow", id(1)));
    assertEquals("succeeded slow " + id(1), nextCall());
  }

  @Test
  void aSlowCallbackDelaysItsQueueOnly() throws Exception {
    CompletableFuture<Void> release = new CompletableFuture<>();
    Consumer<OutcomeEvent> slow =
        event -> {
          if (event.queue().equals("slow")) release.join();
          called.add(event.queue());
        };
    try (Following own =
        new Following(server.target(), 1, new OutcomeCallbacks(slow, null, null))) {
      own.sent("slow", id(1));
      own.sent("slow", id(2));
      server.next().send("", succeeded("slow", id(1)), succeeded("slow", id(2)));
      own.sent("fast", id(3));
      server.next().send("", succeeded("fast", id(3)));
      assertEquals("fast", nextCall());
      release.complete(null);
      assertEquals("slow", nextCall());
      assertEquals("slow", nextCall());
    }
  }

  @Test
  void aWatchWithNothingToFollowEnds() throws Exception {
    try (Following own =
        new Following(server.target(), 1, new OutcomeCallbacks(add("succeeded"), null, null))) {
      own.sent("q", id(1));
      Watch first = server.next();
      first.send("1", succeeded("q", id(1)));
      assertEquals("succeeded q " + id(1), nextCall());
      first.cancelled().get(20, TimeUnit.SECONDS);
      Instant later = ACCEPTED.plusSeconds(100);
      own.sent("q", idOf(later, 2));
      Watch second = server.next();
      assertEquals("", second.request().getResumeToken());
      assertEquals(later.minusSeconds(1), Times.from(second.request().getStartTime()));
    }
  }

  @Test
  void theOldestOfTooManyMessagesIsNoLongerFollowed() throws Exception {
    try (CapturedLog logged = new CapturedLog()) {
      for (int n = 0; n < FollowedMessages.MAX_MESSAGES + 2; n++) following.sent("q", id(n));
      server.next().send("", failed("q", id(0)), failed("q", id(1)), failed("q", id(2)));
      assertEquals("failed q " + id(2), nextCall());
      following.logLines.flush();
      assertEquals(1, logged.with("more than 10000 sent messages are followed").size());
    }
  }

  @Test
  void aGapIsLogged() throws Exception {
    try (CapturedLog logged = new CapturedLog()) {
      following.sent("q", id(1));
      Watch watch = server.next();
      watch.sendGap();
      watch.send("", failed("q", id(1)));
      nextCall();
      following.logLines.flush();
      assertEquals(1, logged.with("no longer has some events of queue \"q\"").size());
    }
  }

  @Test
  void aServerWithoutWatchEventsIsLoggedOnce() throws Exception {
    try (CapturedLog logged = new CapturedLog();
        ScriptedServer older = ScriptedServer.start(request -> Optional.empty());
        Following own =
            new Following(older.target(), 1, new OutcomeCallbacks(add("succeeded"), null, null))) {
      own.sent("a", id(1));
      own.sent("b", id(2));
      Poll.until(() -> older.tokens.size() > 2);
      own.logLines.flush();
      List<String> lines = new ArrayList<>(logged.with("WARN"));
      assertEquals(1, lines.size(), lines.toString());
      assertTrue(lines.get(0).contains("the server has no WatchEvents"), lines.get(0));
    }
  }

  @Test
  void closeWaitsForTheRunningCallbackOnly() throws Exception {
    CompletableFuture<Void> running = new CompletableFuture<>();
    CompletableFuture<Void> release = new CompletableFuture<>();
    Consumer<OutcomeEvent> slow =
        event -> {
          called.add(event.id());
          running.complete(null);
          release.join();
        };
    Following own = new Following(server.target(), 1, new OutcomeCallbacks(slow, null, null));
    own.sent("q", id(1));
    own.sent("q", id(2));
    server.next().send("", succeeded("q", id(1)), succeeded("q", id(2)));
    running.get(20, TimeUnit.SECONDS);
    own.close();
    own.messages.awaitCallbacks(Loop.nowMs() + 1); // returns although it runs
    CompletableFuture<Void> awaited =
        CompletableFuture.runAsync(() -> own.messages.awaitCallbacks(Loop.nowMs() + 20_000));
    assertTrue(!awaited.isDone());
    release.complete(null);
    awaited.get(10, TimeUnit.SECONDS);
    assertEquals(List.of(id(1)), List.copyOf(called));
  }
}
