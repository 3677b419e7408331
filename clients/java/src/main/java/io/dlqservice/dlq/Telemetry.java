package io.dlqservice.dlq;

/** The spans and metrics of a client. */
record Telemetry(Spans spans, ClientMetrics metrics) {}
