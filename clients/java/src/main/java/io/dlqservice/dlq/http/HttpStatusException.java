package io.dlqservice.dlq.http;

import io.dlqservice.dlq.RetryHint;
import java.net.URI;
import java.net.http.HttpResponse;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.Set;

/** A response whose status is not 2xx. Decides whether and when to retry. */
public final class HttpStatusException extends Exception implements RetryHint {
  private static final long serialVersionUID = 1L;

  /** Client errors that a retry may solve. */
  private static final Set<Integer> RETRYABLE = Set.of(401, 403, 408, 409, 423, 425, 429);

  private final int status;
  private final String retryAfter;

  HttpStatusException(HttpResponse<?> response) {
    super(hostOf(response.uri()) + " answered " + response.statusCode());
    status = response.statusCode();
    retryAfter = response.headers().firstValue("retry-after").orElse("");
  }

  /** Host and port, without user and password. */
  private static String hostOf(URI uri) {
    return uri.getPort() < 0 ? uri.getHost() : uri.getHost() + ":" + uri.getPort();
  }

  /** The status of the response. */
  public int statusCode() {
    return status;
  }

  /** From the header {@code Retry-After}: seconds or a date. */
  @Override
  public Optional<Duration> retryAfter() {
    try {
      if (retryAfter.matches("\\d{1,9}")) {
        return Optional.of(Duration.ofSeconds(Long.parseLong(retryAfter)));
      }
      Instant at = DateTimeFormatter.RFC_1123_DATE_TIME.parse(retryAfter, Instant::from);
      Duration left = Duration.between(Instant.now(), at);
      return Optional.of(left.isNegative() ? Duration.ZERO : left);
    } catch (DateTimeException notADate) {
      return Optional.empty();
    }
  }

  /** Whether the request itself is wrong. */
  @Override
  public boolean nonRetryable() {
    return status >= 400 && status < 500 && !RETRYABLE.contains(status);
  }
}
