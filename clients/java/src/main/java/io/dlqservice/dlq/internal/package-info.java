/** What several of the client's packages need. For the client alone. */
package io.dlqservice.dlq.internal;
