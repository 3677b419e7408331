package io.dlqservice.dlq;

import static io.dlqservice.dlq.EventServer.failed;
import static io.dlqservice.dlq.EventServer.succeeded;
import static io.dlqservice.dlq.Following.id;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.EventServer.Watch;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the log says about callbacks that are late or missing. */
class OutcomeLogTest {
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

  @Test
  void theOldestOfTooManyMessagesIsNoLongerFollowed() throws Exception {
    try (CapturedLog logged = new CapturedLog()) {
      for (int n = 0; n < FollowedMessages.MAX_MESSAGES + 2; n++) following.sent("q", id(n));
      server.next().send("", failed("q", id(0)), failed("q", id(1)), failed("q", id(2)));
      assertEquals("failed q " + id(2), following.nextCall());
      following.logLines.flush();
      String line =
          "outcome callbacks are not called for the oldest of more than 10000 followed messages;"
              + " use events in NATS";
      assertEquals(1, logged.with(line).size());
    }
  }

  @Test
  void aCallbackThatThrowsIsLoggedAndTheNextOneComes() throws Exception {
    Consumer<OutcomeEvent> fail =
        event -> {
          throw new IllegalStateException("no bank");
        };
    try (CapturedLog logged = new CapturedLog();
        Following own = new Following(server.target(), FollowedMessages.IDLE_MS, fail)) {
      own.sent("q", id(1));
      own.sent("q", id(2));
      server.next().send("", succeeded("q", id(1)), succeeded("q", id(2)));
      for (int n : List.of(1, 2)) {
        String line =
            "onSucceeded failed for message "
                + id(n)
                + " of queue \"q\"; the event is not repeated";
        Poll.until(() -> logged.with(line).size() == 1);
      }
    }
  }

  @Test
  void gapsAreLoggedOnceAMinuteForAllQueues() throws Exception {
    try (CapturedLog logged = new CapturedLog()) {
      for (String queue : List.of("q", "r")) {
        String id = id(queue.equals("q") ? 1 : 2);
        following.sent(queue, id);
        Watch watch = server.next();
        watch.sendGap();
        watch.send("", failed(queue, id));
        following.nextCall();
      }
      following.logLines.flush();
      String line =
          "outcome callbacks of queue \"q\" may be missing: up to 7 state changes were removed"
              + " before they were read, and the store lost up to 2; read the messages for their"
              + " state";
      assertEquals(1, logged.with(line).size());
      assertEquals(1, logged.with("may be missing").size());
    }
  }

  @Test
  void aServerWithoutWatchEventsIsLoggedOnce() throws Exception {
    try (CapturedLog logged = new CapturedLog();
        ScriptedServer older = ScriptedServer.start(request -> Optional.empty());
        Following own = new Following(older.target(), 1)) {
      own.sent("a", id(1));
      own.sent("b", id(2));
      Poll.until(() -> older.tokens.size() > 2);
      own.logLines.flush();
      List<String> lines = logged.with("WARN");
      assertEquals(1, lines.size(), lines.toString());
      String line = "outcome callbacks are not called: the server has no WatchEvents; upgrade it";
      assertTrue(lines.get(0).endsWith(line), lines.get(0));
    }
  }
}
