package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.testing.FakeServer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * A fake server for each test, a client of it, and what a worker of its queue {@code q} reports.
 */
public abstract class WithFakeServer {
  protected final BlockingQueue<SettledDelivery> settled = new LinkedBlockingQueue<>();
  protected final BlockingQueue<DlqException> errors = new LinkedBlockingQueue<>();
  protected FakeServer fake;
  protected DlqClient dlq;

  @BeforeEach
  protected void openClient() throws Exception {
    fake = FakeServer.start();
    dlq = builder().build();
  }

  @AfterEach
  protected void closeClient() {
    dlq.close();
    fake.close();
  }

  protected DlqClientBuilder builder() {
    return DlqClient.builder(fake.target()).withoutSpool();
  }

  protected WorkerBuilder worker() {
    return dlq.worker("q")
        .onError((error, delivery) -> errors.add(error))
        .onSettled((delivery, result) -> settled.add(result));
  }

  protected static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
    T next = queue.poll(20, TimeUnit.SECONDS);
    assertTrue(next != null, "nothing came within 20 s");
    return next;
  }
}
