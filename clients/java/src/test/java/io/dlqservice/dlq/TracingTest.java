package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.dlqservice.dlq.testing.FakeMessage;
import io.dlqservice.dlq.testing.FakeServer;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TracingTest {
  private final Tracer tracer = SdkTracerProvider.builder().build().get("tests");

  @Test
  void theTraceContinuesInTheHandler() throws Exception {
    Span span = tracer.spanBuilder("order").startSpan();
    CompletableFuture<String> handled = new CompletableFuture<>();
    try (FakeServer fake = FakeServer.start();
        DlqClient dlq = DlqClient.builder(fake.target()).withoutSpool().build()) {
      try (Scope scope = span.makeCurrent()) {
        dlq.send("q", "a", null);
      }
      String sent = fake.messages("q").get(0).traceContext().orElseThrow().traceparent();
      String trace = span.getSpanContext().getTraceId();
      String flags = span.getSpanContext().getTraceFlags().asHex();
      assertEquals("00-" + trace + "-" + span.getSpanContext().getSpanId() + "-" + flags, sent);
      dlq.worker("q").start(d -> handled.complete(Span.current().getSpanContext().getTraceId()));
      assertEquals(trace, handled.get(20, TimeUnit.SECONDS));
    }
  }

  @Test
  void theOptionOverridesTheCurrentTrace() throws Exception {
    String given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    Span span = tracer.spanBuilder("order").startSpan();
    try (FakeServer fake = FakeServer.start();
        DlqClient dlq = DlqClient.builder(fake.target()).withoutSpool().build();
        Scope scope = span.makeCurrent()) {
      dlq.send("q", "a", null, SendOptions.builder().traceContext(given, "").build());
      assertEquals(given, fake.messages("q").get(0).traceContext().orElseThrow().traceparent());
    }
  }

  /** The service would refuse the message, and callers may send any header. */
  @Test
  void longTraceHeadersAreLeftOut() throws Exception {
    String parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    String state = "a=b,".repeat(128); // 512 bytes
    try (FakeServer fake = FakeServer.start();
        DlqClient dlq = DlqClient.builder(fake.target()).withoutSpool().build()) {
      for (String[] given :
          List.of(
              new String[] {parent, state},
              new String[] {parent, state + "c"},
              new String[] {"0".repeat(129), state})) {
        dlq.send("q", "a", null, SendOptions.builder().traceContext(given[0], given[1]).build());
      }
      assertEquals(
          List.of(
              Optional.of(new TraceContext(parent, state)),
              Optional.of(new TraceContext(parent, "")),
              Optional.empty()),
          fake.messages("q").stream().map(FakeMessage::traceContext).toList());
    }
  }
}
