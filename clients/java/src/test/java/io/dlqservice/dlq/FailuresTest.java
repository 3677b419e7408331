package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.v1.Failure;
import io.grpc.Status;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.SocketTimeoutException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.AbstractMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

class FailuresTest {
  /** Like the exceptions of Spring and others. */
  public static final class HttpException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public int getStatusCode() {
      return 503;
    }

    public Map<String, List<String>> getResponseHeaders() {
      return Map.of("retry-after", List.of("120"));
    }
  }

  /** Its methods throw or return itself. */
  public static final class Hostile extends Exception {
    private static final long serialVersionUID = 1L;

    @Override
    public String getMessage() {
      throw new IllegalStateException("no message");
    }

    @Override
    public synchronized Throwable getCause() {
      return this;
    }
  }

  /** Its methods throw errors, and its headers cannot be read. */
  public static final class Unfinished extends Exception implements RetryHint {
    private static final long serialVersionUID = 1L;

    @Override
    public String getMessage() {
      throw new AssertionError("not written yet");
    }

    @Override
    public synchronized Throwable getCause() {
      throw new NoClassDefFoundError("somewhere");
    }

    @Override
    public Optional<Duration> retryAfter() {
      throw new AssertionError("not written yet");
    }

    @Override
    public boolean nonRetryable() {
      throw new AssertionError("not written yet");
    }

    public Map<String, List<String>> getHeaders() {
      return new AbstractMap<>() {
        @Override
        public Set<Entry<String, List<String>>> entrySet() {
          throw new IllegalStateException("the response is closed");
        }
      };
    }
  }

  /** Its stack trace is endless. */
  public static final class Endless extends Exception {
    private static final long serialVersionUID = 1L;

    @Override
    public void printStackTrace(PrintWriter out) {
      while (true) out.println("at the same line");
    }
  }

  @Test
  void hasTypeMessageAndStackTraceWithCauses() {
    Failure failure =
        Failures.of(
            new IOException("charging failed", new SocketTimeoutException("Read timed out")));
    assertEquals("java.io.IOException", failure.getType());
    assertEquals("charging failed", failure.getMessage());
    assertTrue(
        failure
            .getStackTrace()
            .contains("Caused by: java.net.SocketTimeoutException: Read timed out"),
        failure.getStackTrace());
  }

  @Test
  void takesTheMessageOfTheCauseIfItHasNone() {
    assertEquals(
        "java.io.IOException: disk",
        Failures.of(new Exception(new IOException("disk"))).getMessage());
    assertEquals("disk", Failures.of(new Exception(null, new IOException("disk"))).getMessage());
  }

  @Test
  void readsCodesOfLibraryExceptions() {
    assertEquals(14, Failures.of(new Exception(Status.UNAVAILABLE.asException())).getGrpcCode());
    Failure http = Failures.of(new Exception(new HttpException()));
    assertEquals(503, http.getHttpStatus());
    assertEquals("120", http.getAttributesOrThrow("retry-after"));
    Failure sql = Failures.of(new SQLException("no such table", "42P01"));
    assertEquals("42P01", sql.getAttributesOrThrow("sqlstate"));
  }

  @Test
  void truncatesLongValues() {
    Failure failure = Failures.of(new Exception("ä".repeat(100_000)));
    assertEquals(4 * 1024 + 1, failure.getMessage().length());
    assertEquals(16 * 1024 + 1, failure.getStackTrace().length());
  }

  @Test
  void acceptsAnyThrowable() {
    assertEquals("", Failures.of(new Hostile()).getMessage());
    assertEquals("java.lang.StackOverflowError", Failures.of(new StackOverflowError()).getType());
    assertEquals("a?b", Failures.of(new Exception("a\ud800b")).getMessage());
  }

  @Test
  void acceptsErrorsWhoseMethodsThrow() {
    Unfinished thrown = new Unfinished();
    assertEquals(Unfinished.class.getName(), Failures.of(thrown).getType());
    assertEquals(Optional.empty(), SendRequest.retryAfter(thrown));
    assertFalse(SendRequest.isNonRetryable(thrown));
  }

  @Test
  void stopsReadingAnEndlessStackTrace() {
    Failure failure =
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> Failures.of(new Endless()));
    assertEquals(16 * 1024 + 1, failure.getStackTrace().length());
  }

  /** Like Spring's code of an unnamed status: only its interface is public. */
  public interface StatusCode {
    int value();
  }

  /** An error with such a status. */
  public static final class UnnamedStatus extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private record Code(int value) implements StatusCode {}

    public StatusCode getStatusCode() {
      return new Code(520);
    }
  }

  @Test
  void readsHiddenClassesThroughTheirInterface() {
    assertEquals(520, Failures.of(new UnnamedStatus()).getHttpStatus());
  }

  @Test
  void readsTheRetryHintInsideFutureExceptions() {
    Outcome forGood =
        Outcome.failed(
            new CompletionException(new ExecutionException(new NonRetryableException("no order"))));
    assertTrue(forGood.message("t").getFailed().getNonRetryable());
    RetryAfterException later = new RetryAfterException("later", Duration.ofHours(1));
    Outcome once = Outcome.failed(new ExecutionException(later));
    assertEquals(3_600, once.message("t").getFailed().getRetryAfter().getSeconds());
    Outcome own = Outcome.failed(new IllegalStateException(new NonRetryableException("no order")));
    assertFalse(own.message("t").getFailed().getNonRetryable());
  }

  private static final class OutOfStock extends Exception implements RetryHint {
    private static final long serialVersionUID = 1L;

    @Override
    public boolean nonRetryable() {
      return true;
    }
  }

  /** A lambda cannot throw a checked exception. */
  @Test
  void aHintCountsInsideAnExceptionThatOnlyWrapsIt() {
    OutOfStock error = new OutOfStock();
    assertTrue(SendRequest.isNonRetryable(error));
    assertTrue(SendRequest.isNonRetryable(new RuntimeException(error)));
    assertTrue(SendRequest.isNonRetryable(new CompletionException(new RuntimeException(error))));
    assertFalse(SendRequest.isNonRetryable(new RuntimeException("try the other shop", error)));
    Exception closing = new IOException("no bank");
    closing.addSuppressed(error);
    assertFalse(SendRequest.isNonRetryable(closing));
  }
}
