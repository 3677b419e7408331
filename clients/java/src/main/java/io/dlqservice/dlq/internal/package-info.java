/** Shared code of the client's packages. Not for users. */
package io.dlqservice.dlq.internal;
