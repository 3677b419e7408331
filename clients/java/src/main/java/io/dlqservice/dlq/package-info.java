/**
 * The client of the DLQ service: {@link io.dlqservice.dlq.DlqClient} sends dead letters, and works
 * on them when they are due.
 */
package io.dlqservice.dlq;
