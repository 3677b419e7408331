package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.MessageState;
import io.dlqservice.dlq.v1.QuarantineReason;
import java.time.Instant;
import java.util.Optional;

/**
 * The result of an outcome that the server counted.
 *
 * @param dueTime when the next attempt is due, if any
 */
public record SettledDelivery(
    Outcome.Kind outcome,
    MessageState state,
    Optional<Instant> dueTime,
    Optional<QuarantineReason> quarantineReason) {}
