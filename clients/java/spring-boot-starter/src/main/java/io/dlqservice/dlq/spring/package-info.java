/** Spring Boot starter of the DLQ client. */
package io.dlqservice.dlq.spring;
