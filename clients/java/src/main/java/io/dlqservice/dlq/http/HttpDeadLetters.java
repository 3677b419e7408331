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
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes requests by {@link HttpClient}. One that has no answer, or one that is no success (2xx),
 * goes to a queue.
 */
public final class HttpDeadLetters {
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
   * The same.
   *
   * @param options adds to those of each send
   */
  public static HttpDeadLetters of(
      HttpClient http, DlqClient dlq, String queue, Consumer<SendOptions.Builder> options) {
    return new HttpDeadLetters(http, dlq, queue, options);
  }

  /**
   * Makes a request. Its headers {@code Idempotency-Key} and {@code traceparent} become source id
   * and trace context. Headers that hold secrets are not stored: give them to {@link #redo}.
   *
   * @return empty where it failed and is kept, to be made again
   * @throws IOException without an answer, where the request could not be kept either
   * @throws HttpStatusException for an answer that is no success, where it could not be kept either
   */
  public <T> Optional<HttpResponse<T>> send(HttpRequest request, BodyHandler<T> body)
      throws IOException, InterruptedException, HttpStatusException {
    KeptRequest kept = KeptRequest.of(request); // before: its body may be there only once
    try {
      return Optional.of(answerTo(http, kept.made(request), body));
    } catch (IOException | HttpStatusException failure) {
      if (!isKept(kept, failure)) throw failure;
      return Optional.empty();
    }
  }

  /** What the caller's options throw must not take the place of the failure itself. */
  private boolean isKept(KeptRequest kept, Exception failure) {
    SendOptions given;
    try {
      given = optionsOf(kept);
    } catch (RuntimeException thrown) {
      LOG.error("a request could not be sent, its options threw", thrown);
      return false;
    }
    return dlq.send(queue, kept.asMap(), failure, given).isKept();
  }

  /** A worker's handler for what {@link #send} has sent: makes the request again. */
  public static DeliveryHandler redo(HttpClient http) {
    return redo(http, kept -> Map.of());
  }

  /**
   * The same.
   *
   * @param headers are added, such as the credentials that were not stored
   */
  public static DeliveryHandler redo(
      HttpClient http, Function<KeptRequest, Map<String, String>> headers) {
    return delivery -> {
      KeptRequest kept = delivery.payload().json(KeptRequest.class);
      HttpRequest.Builder request = kept.toRequest();
      headers.apply(kept).forEach(request::setHeader);
      answerTo(http, request.build(), BodyHandlers.discarding());
    };
  }

  private static <T> HttpResponse<T> answerTo(
      HttpClient http, HttpRequest request, BodyHandler<T> body)
      throws IOException, InterruptedException, HttpStatusException {
    HttpResponse<T> response = http.send(request, body);
    int kind = response.statusCode() / 100;
    if (kind == 2) return response;
    close(response.body());
    throw new HttpStatusException(response);
  }

  /** Nobody reads it, and one that is a stream would keep its connection. */
  private static void close(Object body) {
    try {
      if (body instanceof AutoCloseable stream) stream.close();
    } catch (Exception itsOwnFault) {
      // the answer is what failed
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
