package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.dlqservice.dlq.testing.FakeMessage;
import io.dlqservice.dlq.testing.FakeServer;
import io.dlqservice.dlq.v1.MessageState;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FakeServerTest {
  private FakeServer fake;
  private DlqClient dlq;

  @BeforeEach
  void open() throws Exception {
    fake = FakeServer.start();
    dlq = DlqClient.builder(fake.target()).withoutSpool().build();
  }

  @AfterEach
  void close() {
    dlq.close();
    fake.close();
  }

  @Test
  void showsWhatWasSent() {
    dlq.send("orders", "a", new Exception("no bank"), SendOptions.ofSourceId("order-42"));
    FakeMessage message = fake.messages("orders").get(0);
    assertEquals("a", message.text());
    assertEquals("order-42", message.request().getSourceId());
    assertEquals("no bank", message.failures().get(0).getMessage());
  }

  @Test
  void givesWorkUntilItSucceeds() throws Exception {
    dlq.send("orders", "a", null);
    dlq.worker("orders")
        .start(
            delivery -> {
              if (delivery.attempt() == 1) throw new Exception("once more");
            });
    FakeMessage done = fake.await("orders", MessageState.MESSAGE_STATE_SUCCEEDED, 1).get(0);
    assertEquals("once more", done.failures().get(1).getMessage());
  }

  @Test
  void mayBeDownForAWhile() {
    fake.goDown();
    SendOptions hasty = SendOptions.builder().timeout(Duration.ofMillis(200)).build();
    assertEquals(SendStatus.DROPPED, dlq.send("orders", "a", null, hasty).status());
    fake.comeBack();
    assertEquals(SendStatus.SENT, dlq.send("orders", "a", null).status());
  }
}
