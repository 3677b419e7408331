/** Sends failed gRPC calls of servers and clients to the DLQ. */
package io.dlqservice.dlq.grpc;
