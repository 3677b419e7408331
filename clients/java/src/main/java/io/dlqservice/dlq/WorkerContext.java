package io.dlqservice.dlq;

import java.util.concurrent.ExecutorService;
import java.util.function.Supplier;

/**
 * What a worker uses of its client.
 *
 * @param client the identity of the client
 * @param connect makes a connection for a stream
 * @param threads runs handlers, unless the worker has an executor
 */
record WorkerContext(
    Object client,
    String target,
    Loop loop,
    ReconnectingChannel channel,
    Supplier<Connection> connect,
    ExecutorService threads,
    Listeners listeners,
    JsonCodec codec,
    Telemetry telemetry) {}
