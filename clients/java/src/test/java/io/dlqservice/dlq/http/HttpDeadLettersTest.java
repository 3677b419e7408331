package io.dlqservice.dlq.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.dlqservice.dlq.MessageState;
import io.dlqservice.dlq.SendOptions;
import io.dlqservice.dlq.WithFakeServer;
import io.dlqservice.dlq.testing.FakeMessage;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HttpDeadLettersTest extends WithFakeServer {
  private static final int NO_BODY = -1;

  private final HttpClient http = HttpClient.newHttpClient();
  private final List<String> requestsSeen = new CopyOnWriteArrayList<>();
  private volatile int status = 503;
  private HttpServer shop;
  private HttpDeadLetters requests;

  @BeforeEach
  void open() throws IOException {
    requests = HttpDeadLetters.of(http, dlq, "webhooks");
    shop = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    shop.createContext("/hook", this::answer);
    shop.start();
  }

  @AfterEach
  void close() {
    shop.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    String token = exchange.getRequestHeaders().getFirst("Authorization");
    requestsSeen.add(exchange.getRequestMethod() + " " + body + " " + token);
    exchange.getResponseHeaders().set("Retry-After", "120");
    exchange.sendResponseHeaders(status, NO_BODY);
    exchange.close();
  }

  private HttpRequest request() {
    return HttpRequest.newBuilder(
            URI.create("http://shop:hunter2@127.0.0.1:" + shop.getAddress().getPort() + "/hook"))
        .header("Authorization", "Bearer secret")
        .header("X-Api-Key", "hunter2")
        .header("Idempotency-Key", "order-42")
        .POST(BodyPublishers.ofString("{}"))
        .build();
  }

  @Test
  void returnsASuccessfulResponse() throws Exception {
    status = 204;
    assertEquals(204, requests.send(request(), BodyHandlers.discarding()).get().statusCode());
    assertEquals(List.of(), fake.messages("webhooks"));
  }

  @Test
  void keepsAFailedRequestAndMakesItAgain() throws Exception {
    assertTrue(requests.send(request(), BodyHandlers.discarding()).isEmpty());
    FakeMessage kept = fake.messages("webhooks").get(0);
    assertEquals("order-42", kept.sourceId());
    assertEquals(503, kept.failures().get(0).httpStatus().orElseThrow());
    assertEquals(120, kept.delay().orElseThrow().toSeconds());
    assertFalse(kept.text().contains("secret"), kept.text());
    assertFalse(kept.text().contains("hunter2"), kept.text());
    String failure = kept.failures().get(0).message();
    assertEquals("127.0.0.1:" + shop.getAddress().getPort() + " answered 503", failure);
    KeptRequest stored = new Gson().fromJson(kept.text(), KeptRequest.class);
    status = 200;
    dlq.send("again", stored, null);
    dlq.worker("again")
        .start(HttpDeadLetters.redo(http, one -> Map.of("Authorization", "Bearer other")));
    fake.await("again", MessageState.SUCCEEDED, 1);
    assertEquals(List.of("POST {} Bearer secret", "POST {} Bearer other"), requestsSeen);
  }

  private KeptRequest requestTo(String path) {
    String url = "http://127.0.0.1:" + shop.getAddress().getPort() + path;
    return new KeptRequest(url, "POST", Map.of(), null);
  }

  @Test
  void aRequestIsMadeAgainForALimitedTime() throws Exception {
    shop.createContext("/silent", exchange -> {});
    shop.createContext("/endless", exchange -> exchange.sendResponseHeaders(200, 0));
    SendOptions once = SendOptions.builder().maxRetries(0).build();
    for (String path : List.of("/silent", "/endless")) {
      dlq.send("q", requestTo(path), null, once);
    }
    worker().start(HttpDeadLetters.redo(http, one -> Map.of(), Duration.ofMillis(200)));
    for (int n = 0; n < 2; n++) {
      Throwable late = next(settled).error().orElseThrow();
      assertEquals("no whole answer within 200 ms", late.getMessage());
    }
  }

  @Test
  void aWrongRequestIsQuarantined() throws Exception {
    status = 422;
    requests.send(request(), BodyHandlers.discarding());
    fake.await("webhooks", MessageState.QUARANTINED, 1);
  }

  @Test
  void keepsABodyThatIsReadableOnce() throws Exception {
    InputStream once = new ByteArrayInputStream("{}".getBytes(StandardCharsets.UTF_8));
    HttpRequest request =
        HttpRequest.newBuilder(request().uri())
            .POST(BodyPublishers.ofInputStream(() -> once))
            .build();
    requests.send(request, BodyHandlers.discarding());
    assertEquals(List.of("POST {} null"), requestsSeen);
    String text = fake.messages("webhooks").get(0).text();
    assertTrue(text.contains("\"body\":\"e30=\""), text);
  }

  @Test
  void aRequestWithoutABodyIsStoredWithoutOne() throws Exception {
    URI uri = request().uri();
    requests.send(HttpRequest.newBuilder(uri).DELETE().build(), BodyHandlers.discarding());
    String text = fake.messages("webhooks").get(0).text();
    assertFalse(text.contains("body"), text);
  }

  @Test
  void keepsARequestWithoutAnAnswer() throws Exception {
    HttpRequest request = request();
    shop.stop(0);
    assertTrue(requests.send(request, BodyHandlers.discarding()).isEmpty());
    assertEquals(
        ConnectException.class.getName(),
        fake.messages("webhooks").get(0).failures().get(0).type());
  }

  @Test
  void throwsIfTheRequestCannotBeKept() {
    dlq.close();
    HttpStatusException thrown =
        assertThrows(
            HttpStatusException.class, () -> requests.send(request(), BodyHandlers.discarding()));
    assertEquals(503, thrown.statusCode());
  }

  @Test
  void closesTheBodyOfAFailedResponse() throws Exception {
    AtomicBoolean isClosed = new AtomicBoolean();
    requests.send(
        request(),
        answer ->
            BodySubscribers.mapping(
                BodySubscribers.ofInputStream(),
                stream ->
                    new FilterInputStream(stream) {
                      @Override
                      public void close() throws IOException {
                        isClosed.set(true);
                        super.close();
                      }
                    }));
    assertTrue(isClosed.get(), "its connection stays in use");
  }

  @Test
  void optionsThatThrowDoNotHideTheFailure() {
    HttpDeadLetters wrong =
        HttpDeadLetters.of(http, dlq, "webhooks", options -> options.attribute("tenant", null));
    assertThrows(HttpStatusException.class, () -> wrong.send(request(), BodyHandlers.discarding()));
  }

  /** The service would refuse the message, and callers may send any header. */
  @Test
  void aLongIdempotencyKeyIsLeftOut() throws Exception {
    for (String key : List.of("k".repeat(256), "k".repeat(257))) {
      HttpRequest request =
          HttpRequest.newBuilder(request(), (name, value) -> true)
              .setHeader("Idempotency-Key", key)
              .build();
      assertTrue(requests.send(request, BodyHandlers.discarding()).isEmpty());
    }
    List<String> ids = fake.messages("webhooks").stream().map(one -> one.sourceId()).toList();
    assertEquals(List.of("k".repeat(256), ""), ids);
  }
}
