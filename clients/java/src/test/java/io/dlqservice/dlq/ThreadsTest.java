package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.testing.FakeServer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ThreadsTest {
  private static final int FIRST_WITH_VIRTUAL_THREADS = 21;

  private static boolean isVirtual(Thread thread) throws ReflectiveOperationException {
    return (Boolean) Thread.class.getMethod("isVirtual").invoke(thread);
  }

  @Test
  void handlersRunInVirtualThreadsSinceJava21() throws Exception {
    CompletableFuture<Thread> thread = new CompletableFuture<>();
    try (FakeServer fake = FakeServer.start();
        DlqClient dlq = DlqClient.builder(fake.target()).withoutSpool().build()) {
      dlq.worker("q").start(delivery -> thread.complete(Thread.currentThread()));
      dlq.send("q", "a", null);
      Thread used = thread.get(20, TimeUnit.SECONDS);
      if (Runtime.version().feature() >= FIRST_WITH_VIRTUAL_THREADS) assertTrue(isVirtual(used));
      assertEquals("dlq-client-worker-", used.getName().replaceFirst("\\d+$", ""));
    }
  }
}
