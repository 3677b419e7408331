package io.dlqservice.dlq.servlet;

import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.SendOptions;
import io.dlqservice.dlq.SendResult;
import io.dlqservice.dlq.SendResult.FailedDelivery;
import io.dlqservice.dlq.SendResult.Stored;
import io.dlqservice.dlq.internal.Headers;
import io.dlqservice.dlq.internal.ShownQuery;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends failed requests to a queue, and logs their failures. */
final class FailedRequests {
  private static final Logger LOG = LoggerFactory.getLogger(DeadLetterFilter.class);

  private final DlqClient dlq;
  private final String queue;
  private final BiConsumer<HttpServletRequest, SendOptions.Builder> options;
  private final ShownQuery shownQuery;

  FailedRequests(
      DlqClient dlq,
      String queue,
      BiConsumer<HttpServletRequest, SendOptions.Builder> options,
      Collection<String> secretParameters) {
    this.dlq = dlq;
    this.queue = queue;
    this.options = options;
    shownQuery = new ShownQuery(secretParameters);
  }

  /** Empty if the request cannot be kept. */
  Optional<SendResult> keep(BufferedRequest request, Throwable failure) {
    if (!request.hasWholeBody()) return Optional.empty();
    SendOptions given;
    try {
      given = optionsOf(request);
    } catch (RuntimeException thrown) { // it must not hide the failure itself
      LOG.error("cannot send a failed request to the DLQ: its options threw", thrown);
      return Optional.empty();
    }
    SendResult result = dlq.send(queue, request.payload(), failure, given);
    if (!result.isKept()) return Optional.empty();
    log(request, result, failure);
    return Optional.of(result);
  }

  /** The application does not see the failure any more. */
  private void log(BufferedRequest request, SendResult result, Throwable failure) {
    String id = idOf(result);
    String text =
        request.getMethod()
            + " "
            + request.getRequestURI()
            + " failed; its message for queue \""
            + queue
            + "\" is "
            + result.status().toString().toLowerCase(Locale.ROOT)
            + (id.isEmpty() ? "" : ": " + id);
    LOG.warn(text, failure);
  }

  static String idOf(SendResult result) {
    if (result instanceof Stored stored) return stored.id();
    return result instanceof FailedDelivery delivery ? delivery.id() : "";
  }

  private SendOptions optionsOf(HttpServletRequest request) {
    SendOptions.Builder all =
        SendOptions.builder()
            .attribute("http.method", request.getMethod())
            .attribute("http.path", Headers.attribute(request.getRequestURI()));
    String query = shownQuery.of(request.getQueryString());
    if (!query.isEmpty()) all.attribute("http.query", Headers.attribute(query));
    String encoding = request.getHeader("Content-Encoding");
    if (encoding != null) all.attribute("http.content_encoding", Headers.attribute(encoding));
    Headers.identity(request.getContentType()).ifPresent(all::contentType);
    Headers.identity(request.getHeader("Idempotency-Key")).ifPresent(all::sourceId);
    String parent = request.getHeader("traceparent");
    String state = request.getHeader("tracestate");
    if (parent != null) all.traceContext(parent, state == null ? "" : state);
    options.accept(request, all);
    return all.build();
  }
}
