package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

class DropReportTest {
  /** Otherwise it would be sent and dropped again and again. */
  @Test
  void dropsOfWhatTheListenerSendsAreOnlyLogged() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    CompletableFuture<SendResult> second = new CompletableFuture<>();
    DlqClient[] own = new DlqClient[1];
    try (CapturedLog logged = new CapturedLog();
        DlqClient dlq =
            DlqClient.builder("127.0.0.1:1")
                .withoutSpool()
                .timeout(Duration.ofMillis(50))
                .onDropped(
                    (error, queue) -> {
                      calls.incrementAndGet();
                      second.complete(own[0].send("again", "b", null));
                    })
                .build()) {
      own[0] = dlq;
      dlq.send("first", "a", null);
      assertEquals(SendStatus.DROPPED, second.get(20, TimeUnit.SECONDS).status());
      dlq.flush();
      assertEquals(1, calls.get());
      assertEquals(1, logged.with("dropped a message for queue \"again\"").size());
      assertEquals(0, logged.with("\"first\"").size());
    }
  }

  /** Such as an appender that sends each error of the program. */
  @Test
  void aLoggerMaySendAndWait() throws Exception {
    Logger program = LoggerFactory.getLogger("shop");
    BlockingQueue<SendResult> sent = new LinkedBlockingQueue<>();
    DlqClient dlq =
        DlqClient.builder("127.0.0.1:1").withoutSpool().timeout(Duration.ofMillis(50)).build();
    try (CapturedLog logged = new CapturedLog(line -> sent.add(dlq.send("lines", line, null)))) {
      CompletableFuture.runAsync(() -> program.error("no stock"));
      assertNotNull(sent.poll(20, TimeUnit.SECONDS), "the send of the program's line hangs");
      assertNotNull(sent.poll(20, TimeUnit.SECONDS), "the send of the client's line hangs");
      dlq.close();
      assertEquals(1, logged.with("dropped a message for queue \"lines\"").size());
      program.error("still no stock");
      assertEquals(2, logged.with("dropped a message for queue \"lines\"").size());
    }
  }
}
