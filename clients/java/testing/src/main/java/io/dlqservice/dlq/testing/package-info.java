/** For tests of programs that use the client: a fake and a real server. */
package io.dlqservice.dlq.testing;
