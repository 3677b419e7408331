package io.dlqservice.dlq.servlet;

import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.SendOptions;
import io.dlqservice.dlq.SendResult;
import io.dlqservice.dlq.SendResult.FailedDelivery;
import io.dlqservice.dlq.SendResult.Stored;
import io.dlqservice.dlq.internal.Headers;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Locale;
import java.util.Set;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the body of each failed request to a queue, and answers 202. If the body cannot be kept,
 * the failure goes on to the container: also for a request without a body, or one above 1 MiB. The
 * headers {@code Idempotency-Key} and {@code traceparent} become source id and trace context.
 */
public final class DeadLetterFilter implements Filter {
  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);

  /** Other methods change nothing, so they need no retry. */
  private static final Set<String> METHODS = Set.of("POST", "PUT", "PATCH", "DELETE");

  private static final int ACCEPTED = 202;

  private final DlqClient dlq;
  private final String queue;
  private final BiConsumer<HttpServletRequest, SendOptions.Builder> options;

  public DeadLetterFilter(DlqClient dlq, String queue) {
    this(dlq, queue, (request, options) -> {});
  }

  /**
   * Makes a filter with options.
   *
   * @param options changes the options of each send
   */
  public DeadLetterFilter(
      DlqClient dlq, String queue, BiConsumer<HttpServletRequest, SendOptions.Builder> options) {
    this.dlq = dlq;
    this.queue = queue;
    this.options = options;
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    if (!(request instanceof HttpServletRequest http)
        || !(response instanceof HttpServletResponse answer)
        || !METHODS.contains(http.getMethod().toUpperCase(Locale.ROOT))) {
      chain.doFilter(request, response);
      return;
    }
    BufferedRequest buffered = BufferedRequest.of(http);
    try {
      chain.doFilter(buffered, response);
    } catch (IOException | ServletException | RuntimeException failure) {
      boolean mayAnswer = !answer.isCommitted() && buffered.hasWholeBody();
      if (!mayAnswer || !isAccepted(buffered, answer, causeOf(failure))) throw failure;
    }
  }

  /** Frameworks wrap what handlers throw. */
  private static Throwable causeOf(Exception failure) {
    boolean isWrapped = failure instanceof ServletException && failure.getCause() != null;
    return isWrapped ? failure.getCause() : failure;
  }

  private boolean isAccepted(BufferedRequest request, HttpServletResponse answer, Throwable failure)
      throws IOException {
    SendOptions given;
    try {
      given = optionsOf(request);
    } catch (RuntimeException thrown) { // it must not hide the failure itself
      LOG.error("cannot send a failed request to the DLQ: its options threw", thrown);
      return false;
    }
    SendResult result = dlq.send(queue, request.payload(), failure, given);
    if (!result.isKept()) return false;
    answer.reset();
    answer.setStatus(ACCEPTED);
    answer.setContentType("application/json");
    String status = result.status().toString().toLowerCase(Locale.ROOT);
    String id = idOf(result);
    String more = id.isEmpty() ? "" : ",\"id\":\"" + id + "\"";
    answer.getWriter().print("{\"status\":\"" + status + "\"" + more + "}");
    return true;
  }

  private SendOptions optionsOf(HttpServletRequest request) {
    SendOptions.Builder all =
        SendOptions.builder()
            .attribute("http.method", request.getMethod())
            .attribute("http.path", Headers.attribute(request.getRequestURI()));
    Headers.identity(request.getContentType()).ifPresent(all::contentType);
    Headers.identity(request.getHeader("Idempotency-Key")).ifPresent(all::sourceId);
    String parent = request.getHeader("traceparent");
    String state = request.getHeader("tracestate");
    if (parent != null) all.traceContext(parent, state == null ? "" : state);
    options.accept(request, all);
    return all.build();
  }

  private static String idOf(SendResult result) {
    if (result instanceof Stored stored) return stored.id();
    return result instanceof FailedDelivery delivery ? delivery.id() : "";
  }
}
