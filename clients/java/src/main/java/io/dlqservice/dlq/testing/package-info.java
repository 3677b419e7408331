/** For tests of programs that use the client: a real server by one call. */
package io.dlqservice.dlq.testing;
