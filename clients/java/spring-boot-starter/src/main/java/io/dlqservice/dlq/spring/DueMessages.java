package io.dlqservice.dlq.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A method of a bean that handles due messages of queues. Its worker starts and stops with the
 * application.
 *
 * <pre>{@code
 * @DueMessages("orders")
 * void handle(Order order, Delivery delivery) { … }
 * }</pre>
 *
 * <p>Parameters are the payload, read as JSON (as it is where the type is {@code String} or {@code
 * byte[]}), and the {@link io.dlqservice.dlq.Delivery}; each may be missing. Returning and throwing
 * mean what they mean for every handler; it may return an {@link io.dlqservice.dlq.Outcome}.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface DueMessages {
  /** Names of the queues; placeholders such as {@code ${orders.queue}} are resolved. */
  String[] value();

  /** Most handlers at a time; 0: the default of the client, 16. */
  int concurrency() default 0;
}
