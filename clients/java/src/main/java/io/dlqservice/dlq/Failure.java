package io.dlqservice.dlq;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A failure as the service stores it.
 *
 * @param reason as the producer gave it; {@code UNSPECIFIED} if it left it to the server
 * @param type the class of the exception; in other languages the type of the error
 * @param grpcCode the status code of a failed gRPC call
 * @param httpStatus the status of a failed HTTP call
 * @param attributes further details, such as {@code sqlstate}
 * @param isTruncated whether the service has cut a field
 * @param retryAfter the time until the next attempt that the failed call asked for
 * @param fingerprint the sender's own; empty without one
 */
public record Failure(
    Reason reason,
    String type,
    String message,
    String stackTrace,
    OptionalInt grpcCode,
    OptionalInt httpStatus,
    Map<String, String> attributes,
    boolean isTruncated,
    Optional<Duration> retryAfter,
    String fingerprint) {}
