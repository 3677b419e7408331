/** Spool files, format 1: keep messages while the service is unavailable. Not for users. */
package io.dlqservice.dlq.internal.spool;
