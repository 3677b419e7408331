package io.dlqservice.dlq.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a bean's method that handles due messages of queues. Its worker starts and stops with the
 * application.
 *
 * <pre>{@code
 * @DueMessages("orders")
 * void handle(Order order, Delivery delivery) { … }
 * }</pre>
 *
 * <p>Parameters, both optional: the payload, read as JSON unless the type is {@code String} or
 * {@code byte[]}, and the {@link io.dlqservice.dlq.Delivery}. Returning reports success, throwing
 * reports a failure. The method may return an {@link io.dlqservice.dlq.Outcome}, or a {@link
 * java.util.concurrent.CompletionStage} or Reactor's {@code Mono} of nothing or of an outcome: the
 * delivery ends when that does. Other results are refused at the start, as are {@code suspend}
 * functions of Kotlin and {@code @Async} methods without a future.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface DueMessages {
  /** Names of the queues. Placeholders such as {@code ${orders.queue}} are resolved. */
  String[] value();

  /** Concurrent handlers; 0 for the client's default, 16. */
  int concurrency() default 0;
}
