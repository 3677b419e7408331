package io.dlqservice.dlq.http;

import io.dlqservice.dlq.DeliveryHandler;
import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.SendOptions;
import io.dlqservice.dlq.internal.Headers;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes requests with {@link HttpClient}. A request without an answer, or with a status other than
 * 2xx, goes to a queue.
 */
public final class HttpDeadLetters {
  private static final Duration REDO_TIMEOUT = Duration.ofSeconds(30);
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);

  private final HttpClient http;
  private final DlqClient dlq;
  private final String queue;
  private final Consumer<SendOptions.Builder> options;

  private HttpDeadLetters(
      HttpClient http, DlqClient dlq, String queue, Consumer<SendOptions.Builder> options) {
    this.http = http;
    this.dlq = dlq;
    this.queue = queue;
    this.options = options;
  }

  public static HttpDeadLetters of(HttpClient http, DlqClient dlq, String queue) {
    return of(http, dlq, queue, options -> {});
  }

  /**
   * Returns an instance with options.
   *
   * @param options changes the options of each send
   */
  public static HttpDeadLetters of(
      HttpClient http, DlqClient dlq, String queue, Consumer<SendOptions.Builder> options) {
    return new HttpDeadLetters(http, dlq, queue, options);
  }

  /**
   * Makes a request. Its headers {@code Idempotency-Key} and {@code traceparent} become source id
   * and trace context. Headers with secrets are not stored: give them to {@link #redo}.
   *
   * @return empty if it failed, and the request is kept for a retry
   * @throws IOException if there was no answer, and the request could not be kept
   * @throws HttpStatusException if the status was not 2xx, and the request could not be kept
   */
  public <T> Optional<HttpResponse<T>> send(HttpRequest request, BodyHandler<T> body)
      throws IOException, InterruptedException, HttpStatusException {
    KeptRequest kept = KeptRequest.of(request); // first, because the body may be readable only once
    try {
      return Optional.of(successful(http.send(kept.withBody(request), body)));
    } catch (IOException | HttpStatusException failure) {
      if (!isKept(kept, failure)) throw failure;
      return Optional.empty();
    }
  }

  /** Options that throw must not hide the failure itself. */
  private boolean isKept(KeptRequest kept, Exception failure) {
    SendOptions given;
    try {
      given = optionsOf(kept);
    } catch (RuntimeException thrown) {
      LOG.error("cannot send a failed request to the DLQ: its options threw", thrown);
      return false;
    }
    return dlq.send(queue, kept.asMap(), failure, given).isKept();
  }

  /** Returns a worker's handler that makes the requests again, each for at most 30 s. */
  public static DeliveryHandler redo(HttpClient http) {
    return redo(http, kept -> Map.of());
  }

  /**
   * Returns a worker's handler that makes the requests again, each for at most 30 s.
   *
   * @param headers returns headers to add, such as credentials
   */
  public static DeliveryHandler redo(
      HttpClient http, Function<KeptRequest, Map<String, String>> headers) {
    return redo(http, headers, REDO_TIMEOUT);
  }

  /**
   * Returns a worker's handler that makes the requests again.
   *
   * @param headers returns headers to add, such as credentials
   * @param timeout how long a request may take, with the body of its answer
   */
  public static DeliveryHandler redo(
      HttpClient http, Function<KeptRequest, Map<String, String>> headers, Duration timeout) {
    long timeoutMs = timeout.toMillis();
    if (timeoutMs < 1) throw new IllegalArgumentException("timeout is below 1 ms; give more");
    return delivery -> {
      KeptRequest kept = delivery.payload().json(KeptRequest.class);
      HttpRequest.Builder request = kept.toRequest();
      headers.apply(kept).forEach(request::setHeader);
      // The timeout of a request would end with the headers of its answer.
      CompletableFuture<HttpResponse<Void>> answer =
          http.sendAsync(request.build(), BodyHandlers.discarding());
      try {
        successful(answer.get(timeoutMs, TimeUnit.MILLISECONDS));
      } catch (TimeoutException late) {
        throw new HttpTimeoutException("no whole answer within " + timeoutMs + " ms");
      } catch (ExecutionException failed) {
        throw failed.getCause() instanceof IOException noAnswer ? noAnswer : failed;
      } finally {
        answer.cancel(true);
      }
    };
  }

  private static <T> HttpResponse<T> successful(HttpResponse<T> response)
      throws HttpStatusException {
    int kind = response.statusCode() / 100;
    if (kind == 2) return response;
    close(response.body());
    throw new HttpStatusException(response);
  }

  /** An unread stream would block its connection. */
  private static void close(Object body) {
    try {
      if (body instanceof AutoCloseable stream) stream.close();
    } catch (Exception ignored) {
      // the status is the failure
    }
  }

  private SendOptions optionsOf(KeptRequest kept) {
    SendOptions.Builder all = SendOptions.builder();
    kept.header("idempotency-key").forEach(id -> Headers.identity(id).ifPresent(all::sourceId));
    String state = String.join("", kept.header("tracestate"));
    kept.header("traceparent").forEach(parent -> all.traceContext(parent, state));
    options.accept(all);
    return all.build();
  }
}
