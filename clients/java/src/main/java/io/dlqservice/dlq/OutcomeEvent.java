package io.dlqservice.dlq;

import java.time.Instant;
import java.util.Optional;

/**
 * What became of a message that this client object sent.
 *
 * @param id of the message
 * @param queue where it happened: the message may have moved to another queue
 * @param attempts failed ones so far
 * @param reason why the message failed last
 * @param quarantineReason why it is in quarantine, if it is
 * @param dueTime when the next attempt is due, if one is planned
 * @param note what the worker noted, or the name of the rule that decided; empty for none
 * @param time when it happened, by the clock of the service
 * @param sourceId as sent; empty for none
 */
public record OutcomeEvent(
    String id,
    String queue,
    int attempts,
    Reason reason,
    Optional<QuarantineReason> quarantineReason,
    Optional<Instant> dueTime,
    String note,
    Instant time,
    String sourceId) {}
