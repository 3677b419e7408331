package agent;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.dlqservice.dlq.NonRetryableException;
import io.dlqservice.dlq.RetryAfterException;
import io.grpc.Status;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.time.Duration;

/** Makes the exception that the {@code error} of a command describes. */
final class ScenarioErrors {
  /** An exception class of a program. */
  static final class OrderError extends Exception {
    private static final long serialVersionUID = 1L;

    OrderError(String message) {
      super(message);
    }
  }

  private ScenarioErrors() {}

  /**
   * @return null without an error
   */
  static Exception of(JsonElement given) {
    if (given == null || !given.isJsonObject()) return null;
    JsonObject fields = given.getAsJsonObject();
    Exception error = withoutCause(fields);
    Exception cause = of(fields.get("cause"));
    if (cause != null && error.getCause() == null) error.initCause(cause);
    return error;
  }

  private static Exception withoutCause(JsonObject fields) {
    String message = fields.has("message") ? fields.get("message").getAsString() : "it broke";
    if (fields.has("retry_after_ms")) {
      Duration delay = Duration.ofMillis(fields.get("retry_after_ms").getAsLong());
      return new RetryAfterException(message, delay);
    }
    if (fields.has("non_retryable") && fields.get("non_retryable").getAsBoolean()) {
      return new NonRetryableException(message);
    }
    String kind = fields.has("kind") ? fields.get("kind").getAsString() : "custom";
    switch (kind) {
      case "timeout":
        return new SocketTimeoutException(message);
      case "refused":
        return new ConnectException(message);
      case "grpc":
        return Status.fromCodeValue(fields.get("code").getAsInt())
            .withDescription(message)
            .asRuntimeException();
      case "value":
        return new IllegalArgumentException(message);
      case "custom":
        return new OrderError(message);
      default:
        throw new IllegalArgumentException("unknown error kind: " + kind);
    }
  }
}
