package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.SendResult.Stored;
import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Spans of sends and handlers, with the SDK of OpenTelemetry. */
class SpansTest extends WithFakeServer {
  private static final String PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  private final InMemorySpanExporter exported = InMemorySpanExporter.create();
  private final OpenTelemetry sdk = sdk(Sampler.alwaysOn());

  private OpenTelemetry sdk(Sampler sampler) {
    return OpenTelemetrySdk.builder()
        .setTracerProvider(
            SdkTracerProvider.builder()
                .setSampler(sampler)
                .addSpanProcessor(SimpleSpanProcessor.create(exported))
                .build())
        .build();
  }

  private DlqClient client(OpenTelemetry openTelemetry) {
    TelemetryOptions telemetry = TelemetryOptions.builder().openTelemetry(openTelemetry).build();
    return builder().onDropped((error, queue) -> {}).telemetry(telemetry).build();
  }

  private Optional<SpanData> find(String name) {
    return exported.getFinishedSpanItems().stream()
        .filter(span -> span.getName().equals(name))
        .findFirst();
  }

  private SpanData spanNamed(String name) {
    Poll.until(() -> find(name).isPresent());
    return find(name).orElseThrow();
  }

  private static Map<String, Object> attributes(SpanData span) {
    Map<String, Object> attributes = new HashMap<>();
    span.getAttributes().forEach((key, value) -> attributes.put(key.getKey(), value));
    return attributes;
  }

  @Test
  void aSendAndItsHandlerHaveSpansOfTheirOwnWhichAreLinked() throws Exception {
    Span request = sdk.getTracer("program").spanBuilder("request").startSpan();
    CompletableFuture<String> inside = new CompletableFuture<>();
    Stored sent;
    try (DlqClient dlq = client(sdk)) {
      try (Scope scope = request.makeCurrent()) {
        sent = (Stored) dlq.send("orders", "x", new IOException("no stock"));
      }
      dlq.worker("orders").start(d -> inside.complete(Span.current().getSpanContext().getSpanId()));
      inside.get(20, TimeUnit.SECONDS);
    }
    SpanData send = spanNamed("send orders");
    assertEquals(SpanKind.PRODUCER, send.getKind());
    assertEquals(request.getSpanContext().getSpanId(), send.getParentSpanId());
    assertEquals(StatusCode.UNSET, send.getStatus().getStatusCode());
    assertEquals(
        Map.of(
            "messaging.system", "dlq",
            "messaging.operation.name", "send",
            "messaging.operation.type", "send",
            "messaging.destination.name", "orders",
            "messaging.message.id", sent.id(),
            "dlq.status", "sent"),
        attributes(send));
    SpanData handled = spanNamed("process orders");
    assertEquals(SpanKind.CONSUMER, handled.getKind());
    assertFalse(handled.getParentSpanContext().isValid());
    assertNotEquals(send.getTraceId(), handled.getTraceId());
    assertEquals(handled.getSpanId(), inside.join());
    LinkData link = handled.getLinks().get(0);
    assertEquals(send.getSpanId(), link.getSpanContext().getSpanId());
    assertTrue(link.getSpanContext().isRemote());
    assertEquals(StatusCode.UNSET, handled.getStatus().getStatusCode());
    assertEquals(
        Map.of(
            "messaging.system", "dlq",
            "messaging.operation.name", "process",
            "messaging.operation.type", "process",
            "messaging.destination.name", "orders",
            "messaging.message.id", sent.id(),
            "dlq.attempt", 1L,
            "dlq.outcome", "succeeded"),
        attributes(handled));
  }

  @Test
  void aBatchHasOneSpanWithLinks() throws Exception {
    try (DlqClient dlq = client(sdk)) {
      for (String payload : List.of("a", "b", "c")) dlq.send("q", payload, null);
      dlq.worker("q").startBatches(deliveries -> {});
      fake.await("q", MessageState.SUCCEEDED, 3);
    }
    List<SpanData> handled =
        exported.getFinishedSpanItems().stream()
            .filter(span -> span.getName().equals("process q"))
            .toList();
    assertEquals(3, handled.stream().mapToInt(span -> span.getLinks().size()).sum());
  }

  @Test
  void failuresAreErrorsOfTheirSpans() throws Exception {
    try (DlqClient dlq = client(sdk)) {
      dlq.send("broken", "x", null);
      dlq.worker("broken")
          .onError((error, delivery) -> {})
          .startAsync(d -> CompletableFuture.failedFuture(new NonRetryableException("no order")));
      SpanData handled = spanNamed("process broken");
      assertEquals(StatusCode.ERROR, handled.getStatus().getStatusCode());
      assertEquals("failed", attributes(handled).get("dlq.outcome"));
      assertEquals(NonRetryableException.class.getName(), attributes(handled).get("error.type"));
      AttributeKey<String> message = AttributeKey.stringKey("exception.message");
      assertEquals("no order", handled.getEvents().get(0).getAttributes().get(message));
      fake.goDown();
      dlq.send("lost", "x", null, SendOptions.builder().timeout(Duration.ofMillis(50)).build());
      SpanData lost = spanNamed("send lost");
      assertEquals(StatusCode.ERROR, lost.getStatus().getStatusCode());
      assertEquals("dropped", attributes(lost).get("dlq.status"));
      assertEquals("deadline", attributes(lost).get("error.type"));
    }
  }

  /** Also if the tracer drops this trace by its sampler. */
  @Test
  void withoutARecordedSpanTheHandlerContinuesTheTraceOfTheSend() throws Exception {
    CompletableFuture<String> inside = new CompletableFuture<>();
    try (DlqClient dlq = client(sdk(Sampler.alwaysOff()))) {
      dlq.send("q", "x", null, SendOptions.builder().traceContext(PARENT, "").build());
      dlq.worker("q").start(d -> inside.complete(Span.current().getSpanContext().getSpanId()));
      assertEquals("b7ad6b7169203331", inside.get(20, TimeUnit.SECONDS));
    }
  }

  /**
   * A program may set it up after its clients, and GlobalOpenTelemetry.get() would prevent that.
   */
  @Test
  void theGlobalOpenTelemetryIsUsedWheneverItIsSet() {
    GlobalOpenTelemetry.resetForTest();
    try (DlqClient dlq = builder().build()) {
      dlq.send("early", "x", null);
      GlobalOpenTelemetry.set(sdk);
      dlq.send("late", "x", null);
    } finally {
      GlobalOpenTelemetry.resetForTest();
    }
    List<SpanData> spans = exported.getFinishedSpanItems();
    assertEquals(List.of("send late"), spans.stream().map(SpanData::getName).toList());
  }

  /** Records, and throws whatever else is called. */
  @SuppressWarnings("unchecked")
  private static <T> T broken(Class<T> type, Map<String, Object> answers) {
    return (T)
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              Object answer = answers.get(method.getName());
              if (answer != null) return answer;
              if (method.getReturnType() == type) return proxy;
              throw new AssertionError("the tracer is broken");
            });
  }

  @Test
  void aTracerThatFailsCostsNothing() throws Exception {
    var span = broken(Span.class, Map.of("isRecording", true));
    var spans = broken(SpanBuilder.class, Map.of("startSpan", span));
    var tracer = broken(Tracer.class, Map.of("spanBuilder", spans));
    int queues = 0;
    for (OpenTelemetry openTelemetry :
        List.of(
            broken(OpenTelemetry.class, Map.of()),
            broken(OpenTelemetry.class, Map.of("getTracer", tracer)))) {
      try (DlqClient dlq = client(openTelemetry)) {
        String queue = "q" + queues++;
        assertEquals(SendStatus.SENT, dlq.send(queue, "x", null).status());
        dlq.worker(queue).start(delivery -> {});
        fake.await(queue, MessageState.SUCCEEDED, 1);
      }
    }
  }
}
