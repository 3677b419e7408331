package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What a worker without {@code onError} logs. */
class WorkerErrorLogTest {
  private final DlqException refused =
      new DlqException(ErrorKind.UNAUTHENTICATED, "no valid credentials; do this");

  @Test
  void aRefusedTokenIsLoggedOnceAMinuteWithTheQueue() {
    try (CapturedLog logged = new CapturedLog()) {
      WorkerErrorLog log = new WorkerErrorLog(List.of("orders"), new RepeatedLines());
      for (int n = 0; n < 3; n++) log.accept(refused, null);
      String line =
          "the worker of queue \"orders\" is refused: no valid credentials; do this; retrying";
      assertEquals(1, logged.with(line).size());
      assertEquals(1, logged.with("is refused").size());
    }
  }

  @Test
  void workersOfAClientLogARefusedTokenOnce() {
    try (CapturedLog logged = new CapturedLog()) {
      RepeatedLines repeated = new RepeatedLines();
      for (String queue : List.of("a", "b")) {
        new WorkerErrorLog(List.of(queue), repeated).accept(refused, null);
      }
      assertEquals(1, logged.with("is refused").size());
    }
  }

  @Test
  void atMostThreeQueuesAreNamed() {
    try (CapturedLog logged = new CapturedLog()) {
      new WorkerErrorLog(List.of("a", "b", "c", "d"), new RepeatedLines()).accept(refused, null);
      String line = logged.with("is refused").get(0);
      assertTrue(line.contains("the worker of queues \"a\", \"b\", \"c\", "), line);
    }
  }

  private static final class OrderException extends Exception {
    private static final long serialVersionUID = 1L;

    @SuppressWarnings("unused")
    final String password = "hunter2";

    OrderException(Throwable cause) {
      super("no stock", cause);
    }
  }

  @Test
  void aFailedHandlerIsLoggedWithItsStackAndCauses() {
    try (CapturedLog logged = new CapturedLog()) {
      Exception thrown = new OrderException(new IllegalStateException("socket closed"));
      String text = "the handler failed: message id-1 of queue \"orders\", attempt 2";
      new WorkerErrorLog(List.of("orders"), new RepeatedLines())
          .accept(new DlqException(ErrorKind.HANDLER_FAILED, text, null, thrown, false), null);
      assertEquals(1, logged.with("WARN").size());
      assertTrue(logged.with("WARN").get(0).endsWith(text));
      assertEquals(1, logged.with("OrderException: no stock").size());
      assertEquals(1, logged.with("Caused by: java.lang.IllegalStateException: socket").size());
      assertTrue(logged.with("\tat ").size() > 2);
      assertEquals(0, logged.with("hunter2").size());
    }
  }

  @Test
  void aStreamThatFailsAgainIsLoggedOnceAMinute() {
    try (CapturedLog logged = new CapturedLog()) {
      WorkerErrorLog log = new WorkerErrorLog(List.of("orders"), new RepeatedLines());
      for (String text : List.of("it", "it", "that", "it")) {
        log.accept(new DlqException(ErrorKind.CONNECTION, text), null);
      }
      assertEquals(1, logged.with("the worker of queue \"orders\" gets no messages: it").size());
      assertEquals(1, logged.with("that").size());
    }
  }

  @Test
  void theStreamThatIsOpenAgainIsLoggedOnce() {
    try (CapturedLog logged = new CapturedLog()) {
      WorkerErrorLog log = new WorkerErrorLog(List.of("orders"), new RepeatedLines());
      log.opened();
      assertEquals(0, logged.with("again").size());
      log.accept(new DlqException(ErrorKind.CONNECTION, "it"), null);
      log.opened();
      log.opened();
      String line = "the worker of queue \"orders\" works again";
      assertEquals(1, logged.with(line).size());
    }
  }
}
