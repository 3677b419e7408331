package io.dlqservice.dlq.spring;

import io.dlqservice.dlq.Delivery;
import io.dlqservice.dlq.MessagePayload;
import io.dlqservice.dlq.NonRetryableException;
import io.dlqservice.dlq.Outcome;
import io.dlqservice.dlq.Worker;
import io.dlqservice.dlq.WorkerBuilder;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.UndeclaredThrowableException;
import java.util.Arrays;
import org.springframework.util.ReflectionUtils;

/** A handler that calls a bean's method. */
final class DueMessagesHandler {
  private final Object bean;
  private final Method method;
  private final boolean isAsync;
  private final Class<?>[] types;

  /**
   * @param declared the method with its annotations
   * @param method the same of a proxy, if the bean has one
   */
  DueMessagesHandler(Object bean, Method declared, Method method) {
    this.bean = bean;
    this.method = method;
    isAsync = HandlerResults.isAsync(declared);
    types = method.getParameterTypes();
    long payloads = Arrays.stream(types).filter(type -> type != Delivery.class).count();
    if (payloads > 1) {
      throw new IllegalStateException(
          method + " takes " + payloads + " payload parameters; a message has one payload");
    }
    ReflectionUtils.makeAccessible(method);
  }

  Worker start(WorkerBuilder worker) {
    if (isAsync) return worker.startAsync(delivery -> HandlerResults.stage(call(delivery)));
    if (method.getReturnType() == void.class) return worker.start(this::call);
    return worker.startWithOutcomes(delivery -> (Outcome) call(delivery));
  }

  private Object call(Delivery delivery) throws Exception {
    Object[] arguments = new Object[types.length];
    for (int at = 0; at < types.length; at++) {
      boolean isDelivery = types[at] == Delivery.class;
      arguments[at] = isDelivery ? delivery : read(delivery.payload(), types[at]);
    }
    try {
      return method.invoke(bean, arguments);
    } catch (InvocationTargetException thrown) {
      Throwable cause = thrown.getCause();
      if (cause instanceof Error error) throw error;
      if (cause instanceof Exception exception) throw exception;
      throw new UndeclaredThrowableException(cause);
    }
  }

  /** A payload that cannot be read is not retryable. */
  private static Object read(MessagePayload payload, Class<?> type) {
    if (type == String.class) return payload.text();
    if (type == byte[].class) return payload.bytes();
    if (type == MessagePayload.class) return payload;
    try {
      return payload.json(type);
    } catch (IllegalArgumentException unreadable) {
      throw new NonRetryableException(unreadable.getMessage(), unreadable);
    }
  }
}
