package io.dlqservice.dlq;

import java.util.Map;
import java.util.Optional;

/**
 * The state of a client, for health checks and metrics of the program.
 *
 * @param isAvailable false while calls fail, so that sends go to the spool at once. True before the
 *     first call
 * @param lastError why the service is unavailable; empty if it is available
 * @param spool what this client still has to send; empty without a spool
 * @param sends the number of sends since the start, for each status
 */
public record ClientStatus(
    boolean isAvailable,
    Optional<String> lastError,
    Optional<SpoolUsage> spool,
    Map<SendStatus, Long> sends) {}
