package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonNull;
import io.dlqservice.dlq.SendResult.Dropped;
import java.io.ByteArrayInputStream;
import java.io.StringReader;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Objects as payloads. */
class PayloadTest extends WithFakeServer {
  record Order(
      String id, Instant at, LocalDate day, ZonedDateTime ship, Duration within, ZoneId zone) {}

  /** A codec that throws. */
  private record Broken(Throwable thrown) implements JsonCodec {
    @Override
    public String write(Object value) throws Exception {
      if (thrown instanceof Error error) throw error;
      throw (Exception) thrown;
    }

    @Override
    public <T> T read(String json, Class<T> type) {
      return null;
    }
  }

  private static final class WithoutMessage extends RuntimeException {
    private static final long serialVersionUID = 1L;

    @Override
    public String getMessage() {
      throw new IllegalStateException("no message");
    }
  }

  @Test
  void objectsMayHaveTimes() throws Exception {
    Order order =
        new Order(
            "a",
            Instant.parse("2026-01-02T03:04:05Z"),
            LocalDate.parse("2026-01-02"),
            ZonedDateTime.parse("2026-01-02T03:04:05+01:00[Europe/Paris]"),
            Duration.ofMinutes(5),
            ZoneId.of("Europe/Paris"));
    assertEquals(SendStatus.SENT, dlq.send("orders", order, null).status());
    String text = fake.messages("orders").get(0).text();
    assertTrue(text.contains("\"at\":\"2026-01-02T03:04:05Z\",\"day\":\"2026-01-02\""), text);
    CompletableFuture<Order> read = new CompletableFuture<>();
    dlq.worker("orders").start(delivery -> read.complete(delivery.payload().json(Order.class)));
    assertEquals(order, read.get(20, TimeUnit.SECONDS));
  }

  @Test
  void aCodecThatThrowsDropsTheMessage() {
    for (Throwable thrown : List.of(new WithoutMessage(), new NoClassDefFoundError("gone"))) {
      try (DlqClient dlq = builder().json(new Broken(thrown)).build()) {
        SendResult result = dlq.send("orders", List.of(1), new Exception("no bank"));
        DlqException error = assertInstanceOf(Dropped.class, result).error();
        assertEquals(ErrorKind.INVALID, error.kind());
        assertTrue(error.getMessage().contains(thrown.getClass().getName()), error.getMessage());
      }
    }
  }

  /** Gson writes them as null, or with the fields of their implementation. */
  @Test
  void aValueThatJsonCannotHoldIsRefusedWithAdvice() {
    class Local {
      @SuppressWarnings("unused")
      final int amount = 1;
    }
    Supplier<String> lambda = () -> "order-42";
    for (Object value :
        List.of(
            new Local(),
            lambda,
            CompletableFuture.completedFuture("order-42"),
            new FutureTask<>(() -> "order-42"),
            new ByteArrayInputStream(new byte[] {1}),
            new StringReader("order-42"),
            Stream.of("order-42"))) {
      SendResult result = dlq.send("orders", value, new Exception("no bank"));
      DlqException error = assertInstanceOf(Dropped.class, result, value.toString()).error();
      assertEquals(ErrorKind.INVALID, error.kind());
      String type = value.getClass().getTypeName();
      assertTrue(error.getMessage().contains(type), error.getMessage());
    }
    assertEquals(SendStatus.SENT, dlq.send("orders", JsonNull.INSTANCE, null).status());
    assertEquals(SendStatus.SENT, dlq.send("orders", null, null).status());
  }

  @Test
  void aListOfDeliveriesIsRefused() throws Exception {
    CompletableFuture<SendResult> sent = new CompletableFuture<>();
    dlq.send("orders", "order-42", null);
    dlq.worker("orders")
        .startBatches(batch -> sent.complete(dlq.send("others", batch, new Exception("no"))));
    DlqException error = assertInstanceOf(Dropped.class, sent.get(20, TimeUnit.SECONDS)).error();
    assertTrue(error.getMessage().contains("send each by itself"), error.getMessage());
  }
}
