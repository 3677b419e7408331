package io.dlqservice.dlq.http;

import io.dlqservice.dlq.RetryHint;
import java.net.http.HttpResponse;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.Set;

/** An answer that is no success. The DLQ reads from it when, and whether, to try again. */
public final class HttpStatusException extends Exception implements RetryHint {
  private static final long serialVersionUID = 1L;

  /** Statuses of 4xx that a later try can change. */
  private static final Set<Integer> PASSING = Set.of(401, 403, 408, 409, 423, 425, 429);

  private final int status;
  private final String retryAfter;

  HttpStatusException(HttpResponse<?> response) {
    super(response.uri().getAuthority() + " answered " + response.statusCode());
    status = response.statusCode();
    retryAfter = response.headers().firstValue("retry-after").orElse("");
  }

  /** The answer's. */
  public int statusCode() {
    return status;
  }

  /** What its header says: seconds, or a date. */
  @Override
  public Optional<Duration> retryAfter() {
    try {
      if (retryAfter.matches("\\d{1,9}")) {
        return Optional.of(Duration.ofSeconds(Long.parseLong(retryAfter)));
      }
      Instant at = DateTimeFormatter.RFC_1123_DATE_TIME.parse(retryAfter, Instant::from);
      Duration left = Duration.between(Instant.now(), at);
      return Optional.of(left.isNegative() ? Duration.ZERO : left);
    } catch (DateTimeException noDate) {
      return Optional.empty();
    }
  }

  /** The request itself is wrong. */
  @Override
  public boolean nonRetryable() {
    return status >= 400 && status < 500 && !PASSING.contains(status);
  }
}
