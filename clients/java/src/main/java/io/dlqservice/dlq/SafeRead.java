package io.dlqservice.dlq;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;

/** Reads fields of other libraries' exceptions by reflection. Never throws. */
final class SafeRead {
  /** Caches the methods of each class: a lookup costs more than the rest of a send. */
  private static final ClassValue<Map<String, Optional<Method>>> METHODS =
      new ClassValue<>() {
        @Override
        protected Map<String, Optional<Method>> computeValue(Class<?> type) {
          return new ConcurrentHashMap<>();
        }
      };

  private SafeRead() {}

  /** Calls a public method without parameters; empty if it is missing or throws. */
  static Optional<Object> call(Object holder, String name) {
    return call(holder, name, new Class<?>[0]);
  }

  private static Optional<Object> call(
      Object holder, String name, Class<?>[] types, Object... arguments) {
    if (holder == null) return Optional.empty();
    Method method = methodOf(holder.getClass(), name, types);
    if (method == null) return Optional.empty();
    try {
      return Optional.ofNullable(method.invoke(holder, arguments));
    } catch (ReflectiveOperationException | RuntimeException | LinkageError failed) {
      return Optional.empty();
    }
  }

  private static Method methodOf(Class<?> type, String name, Class<?>[] types) {
    return METHODS
        .get(type)
        .computeIfAbsent(name + types.length, key -> Optional.ofNullable(find(type, name, types)))
        .orElse(null);
  }

  /** Finds the method in the first public class or interface, from this class upwards. */
  private static Method find(Class<?> type, String name, Class<?>[] types) {
    try {
      for (Class<?> one = type; one != null; one = one.getSuperclass()) {
        Method found = publicMethod(one, name, types);
        if (found != null) return found;
        for (Class<?> known : one.getInterfaces()) {
          found = publicMethod(known, name, types);
          if (found != null) return found;
        }
      }
    } catch (RuntimeException | LinkageError unreadable) {
      return null;
    }
    return null;
  }

  private static Method publicMethod(Class<?> type, String name, Class<?>[] types) {
    if (!Modifier.isPublic(type.getModifiers())) return null;
    try {
      return type.getMethod(name, types);
    } catch (NoSuchMethodException missing) {
      return null; // a superclass may have it
    }
  }

  /** Returns a number, or the number of an object's {@code value()} or {@code code()}. */
  static OptionalInt integer(Object holder, String name) {
    Object found = call(holder, name).orElse(null);
    if (found != null && !(found instanceof Number) && !(found instanceof String)) {
      Object inner = found;
      found = call(inner, "value").or(() -> call(inner, "code")).orElse(null);
    }
    return found instanceof Integer ? OptionalInt.of((Integer) found) : OptionalInt.empty();
  }

  static Optional<String> text(Object holder, String name) {
    return call(holder, name)
        .filter(String.class::isInstance)
        .map(String.class::cast)
        .filter(text -> !text.isEmpty());
  }

  /** Reads Spring's HttpHeaders, a map of lists, or java.net.http's headers. */
  static Optional<String> header(Object headers, String name) {
    if (headers == null) return Optional.empty();
    try {
      return headerIn(headers, name);
    } catch (RuntimeException unreadable) {
      return Optional.empty(); // such as the headers of a closed response
    }
  }

  private static Optional<String> headerIn(Object headers, String name) {
    Class<?>[] oneText = {String.class};
    Object found =
        call(headers, "getFirst", oneText, name)
            .or(() -> call(headers, "firstValue", oneText, name))
            .orElse(null);
    if (found instanceof Optional) found = ((Optional<?>) found).orElse(null);
    if (found == null && headers instanceof Map) found = inMap((Map<?, ?>) headers, name);
    return found instanceof String && !((String) found).isEmpty()
        ? Optional.of((String) found)
        : Optional.empty();
  }

  private static Object inMap(Map<?, ?> headers, String name) {
    for (Map.Entry<?, ?> entry : headers.entrySet()) {
      if (!name.equalsIgnoreCase(String.valueOf(entry.getKey()))) continue;
      Object value = entry.getValue();
      if (value instanceof List && !((List<?>) value).isEmpty()) return ((List<?>) value).get(0);
      return value;
    }
    return null;
  }
}
