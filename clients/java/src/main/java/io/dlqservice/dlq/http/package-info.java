/** Outgoing HTTP requests, such as webhooks, that are made again when they fail. */
package io.dlqservice.dlq.http;
