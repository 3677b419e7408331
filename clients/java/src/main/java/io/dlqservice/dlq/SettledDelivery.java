package io.dlqservice.dlq;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * The result of an outcome that the server counted.
 *
 * @param dueTime when the next attempt is due, if any
 * @param duration how long the handler ran
 * @param error what the handler threw, or gave to {@link Outcome#failed(Throwable)}; empty if it
 *     did not fail
 */
public record SettledDelivery(
    Outcome.Kind outcome,
    MessageState state,
    Optional<Instant> dueTime,
    Optional<QuarantineReason> quarantineReason,
    Duration duration,
    Optional<Throwable> error) {}
