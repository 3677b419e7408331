/** Keeps HTTP requests that a server fails on. */
package io.dlqservice.dlq.servlet;
