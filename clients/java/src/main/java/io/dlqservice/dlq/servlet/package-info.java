/** Sends failed HTTP requests of servlets to the DLQ. */
package io.dlqservice.dlq.servlet;
