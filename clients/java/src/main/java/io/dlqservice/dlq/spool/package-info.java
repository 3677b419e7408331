/** Spool files, format 1: how letters are kept while the service is away. For the client alone. */
package io.dlqservice.dlq.spool;
