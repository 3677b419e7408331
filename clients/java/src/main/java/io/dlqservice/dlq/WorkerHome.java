package io.dlqservice.dlq;

import java.util.concurrent.ExecutorService;
import java.util.function.Supplier;

/**
 * What a worker uses of its client.
 *
 * @param client which one it is
 * @param connect makes a connection for a stream
 * @param threads where handlers run, unless they have threads of their own
 */
record WorkerHome(
    Object client,
    Loop loop,
    Line line,
    Supplier<Connection> connect,
    ExecutorService threads,
    Listeners listeners,
    JsonCodec codec) {}
