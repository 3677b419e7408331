package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.MessageState;
import io.dlqservice.dlq.v1.QuarantineReason;
import java.time.Instant;
import java.util.Optional;

/**
 * What the server made of an outcome.
 *
 * @param dueTime when the next attempt is due, if one is
 */
public record SettledDelivery(
    Outcome.Kind outcome,
    MessageState state,
    Optional<Instant> dueTime,
    Optional<QuarantineReason> quarantineReason) {}
