package io.dlqservice.dlq;

/** A function that may throw. */
@FunctionalInterface
public interface ThrowingFunction<T, R> {
  R apply(T value) throws Exception;
}
