package io.dlqservice.dlq;

import static io.dlqservice.dlq.EventServer.event;
import static io.dlqservice.dlq.EventServer.failed;
import static io.dlqservice.dlq.EventServer.succeeded;
import static io.dlqservice.dlq.Following.ACCEPTED;
import static io.dlqservice.dlq.Following.id;
import static io.dlqservice.dlq.Following.idOf;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.EventServer.Watch;
import io.dlqservice.dlq.v1.Event;
import io.dlqservice.dlq.v1.EventType;
import io.dlqservice.dlq.v1.MessageState;
import io.grpc.Status;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OutcomeWatchTest {
  private EventServer server;
  private Following following;

  @BeforeEach
  void open() throws Exception {
    server = new EventServer();
    following = new Following(server.target(), FollowedMessages.IDLE_MS);
  }

  @AfterEach
  void close() {
    following.close();
    server.close();
  }

  private String nextCall() throws InterruptedException {
    return following.nextCall();
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

  @ParameterizedTest
  @ValueSource(
      strings = {
        "018bcfe5-6800-4000-8000-000000000001", // another version
        "018bcfe5-6800-7000-7000-000000000001", // another variant
        "018bcfe5-6800-7000-8000-1",
        "018bcfe5-6800-7000-8000-00000000000g",
        "message-7"
      })
  void aMessageWithAnotherIdIsFollowedFromNow(String id) throws Exception {
    Instant began = Instant.now().minusSeconds(1);
    following.sent("q", id);
    Watch watch = server.next();
    Instant start = Times.from(watch.request().getStartTime());
    assertTrue(!start.isBefore(began) && !start.isAfter(Instant.now().minusSeconds(1)), "" + start);
    watch.send("", failed("q", id));
    assertEquals("failed q " + id, nextCall());
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
      assertEquals(List.of(), List.copyOf(following.called));
      following.logLines.flush();
      List<String> lines =
          logged.with("outcome callbacks of queue \"q\" wait: the server drains; ");
      assertEquals(1, lines.size(), lines.toString()); // at most one a minute
      assertTrue(lines.get(0).endsWith("; retrying"), lines.get(0));
    }
  }

  @Test
  void beginsOneSecondBeforeTheLatestEventIfTheTokenIsRefused() throws Exception {
    following.sent("q", id(1));
    Instant latest = Instant.ofEpochSecond(1_700_000_100);
    Event failed =
        event(EventType.EVENT_TYPE_RETRY_FAILED, "q", id(1)).setTime(Times.to(latest)).build();
    Watch first = server.next();
    first.send("of another server", failed);
    assertEquals("failed q " + id(1), nextCall());
    first.fail(Status.INVALID_ARGUMENT);
    Watch second = server.next();
    assertEquals("", second.request().getResumeToken());
    assertEquals(latest.minusSeconds(1), Times.from(second.request().getStartTime()));
    second.send("1", failed, succeeded("q", id(1)));
    assertEquals("succeeded q " + id(1), nextCall());
  }

  @Test
  void theLatest5000EventsOfItsMessagesComeOnce() throws Exception {
    following.sent("q", id(1));
    Event[] events = new Event[5_000];
    for (int n = 0; n < events.length; n++) events[n] = failed("q", id(1));
    Watch watch = server.next();
    watch.send("1", events);
    for (int n = 0; n < events.length; n++) nextCall();
    watch.send("2", events);
    watch.send("3", succeeded("q", id(1)));
    assertEquals("succeeded q " + id(1), nextCall());
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
  void typeAndStateOfAnEventSayWhetherItsMessageIsGone() {
    Set<Integer> stored =
        Set.of(
            MessageState.MESSAGE_STATE_SCHEDULED_VALUE,
            MessageState.MESSAGE_STATE_IN_FLIGHT_VALUE,
            MessageState.MESSAGE_STATE_QUARANTINED_VALUE);
    int newer = 99;
    for (int state = 0; state <= newer; state++) {
      boolean isStored = stored.contains(state);
      assertEquals(!isStored, isEnd(EventType.EVENT_TYPE_RETRY_SUCCESS, state), "" + state);
      assertEquals(!isStored, isEnd(EventType.EVENT_TYPE_EXPIRED, state), "" + state);
      assertTrue(isEnd(EventType.EVENT_TYPE_DISCARDED, state));
      assertTrue(isEnd(EventType.EVENT_TYPE_PURGED, state));
      assertFalse(isEnd(EventType.EVENT_TYPE_RETRY_FAILED, state));
      assertFalse(isEnd(EventType.EVENT_TYPE_MOVED_TO_POISON, state));
    }
  }

  private static boolean isEnd(EventType type, int state) {
    return OutcomeWatch.isEnd(Event.newBuilder().setType(type).setStateValue(state).build());
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
          following.called.add(event.queue());
        };
    try (Following own = new Following(server.target(), 1, slow)) {
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
    try (Following own = new Following(server.target(), 1)) {
      own.sent("q", id(1));
      Watch first = server.next();
      first.send("1", succeeded("q", id(1)));
      assertEquals("succeeded q " + id(1), own.nextCall());
      first.cancelled().get(20, TimeUnit.SECONDS);
      Instant later = ACCEPTED.plusSeconds(100);
      own.sent("q", idOf(later, 2));
      Watch second = server.next();
      assertEquals("", second.request().getResumeToken());
      assertEquals(later.minusSeconds(1), Times.from(second.request().getStartTime()));
    }
  }

  @Test
  void closeWaitsForTheRunningCallbackOnly() throws Exception {
    CompletableFuture<Void> running = new CompletableFuture<>();
    CompletableFuture<Void> release = new CompletableFuture<>();
    Consumer<OutcomeEvent> slow =
        event -> {
          following.called.add(event.id());
          running.complete(null);
          release.join();
        };
    Following own = new Following(server.target(), 1, slow);
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
    assertEquals(List.of(id(1)), List.copyOf(following.called));
  }
}
