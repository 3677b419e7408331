/** The client in Spring Boot. */
package io.dlqservice.dlq.spring;
