package io.dlqservice.dlq;

/**
 * A W3C Trace Context.
 *
 * @param tracestate empty for none
 */
public record TraceContext(String traceparent, String tracestate) {}
