package io.dlqservice.dlq.servlet;

import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.SendOptions;
import io.dlqservice.dlq.SendResult;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * Sends the body of each failed request to a queue, logs the failure with its stack, and answers
 * 202. A request has failed if it throws, if it ends with an error page of a 5xx status, or if
 * Spring resolved an exception to such a status, but not if Spring Security refuses it. If the body
 * cannot be kept, the failure goes on to the container: for a request without a body, or one above
 * 1 MiB. So does a failure after the answer has begun, but its request is kept.
 *
 * <p>Asynchronous requests are kept, too. Register the filter for {@link DispatcherType#ASYNC} as
 * well, so that their callers get 202.
 *
 * <p>The headers {@code Idempotency-Key} and {@code traceparent} become source id and trace
 * context; method, path, query and {@code Content-Encoding} the attributes {@code http.method},
 * {@code http.path}, {@code http.query} and {@code http.content_encoding}. In the query the values
 * of parameters such as {@code token} are hidden.
 */
public final class DeadLetterFilter implements Filter {
  /** Other methods change nothing, so they need no retry. */
  private static final Set<String> METHODS = Set.of("POST", "PUT", "PATCH", "DELETE");

  /** Others, such as the error page, are a part of the same request. */
  private static final Set<DispatcherType> DISPATCHES =
      Set.of(DispatcherType.REQUEST, DispatcherType.ASYNC);

  /** Attributes in which Spring and the container keep what was thrown. */
  private static final List<String> EXCEPTIONS =
      List.of(
          "org.springframework.web.servlet.DispatcherServlet.EXCEPTION",
          RequestDispatcher.ERROR_EXCEPTION);

  /** Exceptions of Spring Security, which answers the caller with 401 or 403. */
  private static final Set<String> REFUSALS =
      Set.of(
          "org.springframework.security.access.AccessDeniedException",
          "org.springframework.security.core.AuthenticationException");

  private static final int ACCEPTED = 202;

  private final FailedRequests failures;

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
    this(dlq, queue, options, List.of());
  }

  /**
   * Makes a filter with options and more secrets.
   *
   * @param options changes the options of each send
   * @param secretParameters names of more query parameters whose values are hidden
   */
  public DeadLetterFilter(
      DlqClient dlq,
      String queue,
      BiConsumer<HttpServletRequest, SendOptions.Builder> options,
      Collection<String> secretParameters) {
    failures = new FailedRequests(dlq, queue, options, secretParameters);
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    if (request instanceof HttpServletRequest http
        && response instanceof HttpServletResponse answer
        && DISPATCHES.contains(http.getDispatcherType())
        && METHODS.contains(http.getMethod().toUpperCase(Locale.ROOT))) {
      doFilter(http, answer, chain);
    } else {
      chain.doFilter(request, response);
    }
  }

  private void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    BufferedRequest earlier = BufferedRequest.earlier(request);
    BufferedRequest buffered = earlier == null ? BufferedRequest.of(request) : earlier;
    HeldErrors answer = HeldErrors.of(response);
    try {
      chain.doFilter(
          earlier == null ? buffered : request,
          answer.getResponse() == response ? answer : response);
    } catch (Throwable failure) {
      if (isRefusal(causeOf(failure)) || !isAccepted(buffered, answer, causeOf(failure))) {
        answer.release();
        throw failure;
      }
      return;
    }
    if (request.isAsyncStarted()) {
      answer.release();
      if (earlier == null) watch(request.getAsyncContext(), buffered, answer);
      return;
    }
    Throwable failure = failureOf(buffered, answer);
    if (failure == null || !isAccepted(buffered, answer, failure)) answer.release();
  }

  /** Frameworks wrap what handlers throw. */
  private static Throwable causeOf(Throwable failure) {
    boolean isWrapped = failure instanceof ServletException && failure.getCause() != null;
    return isWrapped ? failure.getCause() : failure;
  }

  private static boolean isRefusal(Throwable failure) {
    for (Class<?> type = failure.getClass(); type != null; type = type.getSuperclass()) {
      if (REFUSALS.contains(type.getName())) return true;
    }
    return false;
  }

  /**
   * @return null if the request did not fail. An answer with a 5xx status that the application
   *     wrote itself is no failure
   */
  private static Throwable failureOf(HttpServletRequest request, HeldErrors answer) {
    if (!answer.hasServerError()) return null;
    for (String name : EXCEPTIONS) {
      if (request.getAttribute(name) instanceof Throwable failure) return causeOf(failure);
    }
    if (!answer.hasHeldError()) return null;
    return new ServletException("the application answered with status " + answer.getStatus());
  }

  /** For a filter without ASYNC dispatches: the container has answered when the request is over. */
  private void watch(AsyncContext context, BufferedRequest request, HeldErrors answer) {
    try {
      context.addListener(
          new AsyncFailure(
              thrown -> {
                Throwable failure = thrown == null ? failureOf(request, answer) : causeOf(thrown);
                if (failure != null && request.settle()) failures.keep(request, failure);
              }));
    } catch (IllegalStateException ended) {
      // an ASYNC dispatch has handled it
    }
  }

  /** Keeps the request. Returns whether the caller gets 202, which also hides the failure. */
  private boolean isAccepted(BufferedRequest request, HeldErrors answer, Throwable failure)
      throws IOException {
    if (!request.settle()) return false;
    Optional<SendResult> kept = failures.keep(request, failure);
    if (kept.isEmpty() || !answer.isReplaceable()) return false;
    String status = kept.get().status().toString().toLowerCase(Locale.ROOT);
    String id = FailedRequests.idOf(kept.get());
    String more = id.isEmpty() ? "" : ",\"id\":\"" + id + "\"";
    answer.replace(ACCEPTED, "{\"status\":\"" + status + "\"" + more + "}");
    return true;
  }
}
