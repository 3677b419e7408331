/** Keeps gRPC calls that fail: those that a server was asked, and those that a client makes. */
package io.dlqservice.dlq.grpc;
