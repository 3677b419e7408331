/**
 * The client of the DLQ service: {@link io.dlqservice.dlq.DlqClient} sends dead letters and runs
 * workers for due messages.
 */
package io.dlqservice.dlq;
