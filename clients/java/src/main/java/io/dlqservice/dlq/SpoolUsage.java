package io.dlqservice.dlq;

import java.time.Duration;

/**
 * What a client still has to send from its spool.
 *
 * @param messages on disk and in memory
 * @param bytes of these files and messages
 * @param oldestAge of the oldest file or message in memory; zero if there is none
 */
public record SpoolUsage(int messages, long bytes, Duration oldestAge) {}
