package io.dlqservice.dlq;

import java.io.PrintWriter;
import java.io.Writer;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.UndeclaredThrowableException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;

/** A throwable and its causes, outermost first, without repeats. */
final class CauseChain {
  /** Deeper causes do not help a reader. */
  private static final int MAX_CAUSES = 16;

  private final Throwable thrown;
  private final List<Throwable> errors = new ArrayList<>();

  CauseChain(Throwable thrown) {
    this.thrown = thrown;
    Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    Throwable error = thrown;
    while (error != null && errors.size() < MAX_CAUSES && seen.add(error)) {
      errors.add(error);
      error = causeOf(error);
    }
  }

  /** Returns the first result, from the outermost throwable on. */
  <T> Optional<T> first(Function<Throwable, Optional<T>> look) {
    for (Throwable error : errors) {
      Optional<T> found = look.apply(error);
      if (found.isPresent()) return found;
    }
    return Optional.empty();
  }

  /** Returns the stack trace as Java prints it, cut after about {@code maxChars}. */
  String stackTrace(int maxChars) {
    BoundedWriter text = new BoundedWriter(maxChars);
    try {
      thrown.printStackTrace(new PrintWriter(text));
    } catch (Throwable fullOrFailed) {
      // the limit is reached, or the exception's own code failed
    }
    return text.toString();
  }

  static String messageOf(Throwable error) {
    try {
      String message = error.getMessage();
      return message == null ? "" : message;
    } catch (Throwable failed) {
      return "";
    }
  }

  /** Returns the cause inside the exceptions of futures and reflection. */
  static Throwable unwrapped(Throwable thrown) {
    Throwable error = thrown;
    for (int depth = 0; depth < MAX_CAUSES && isWrapping(error); depth++) {
      Throwable cause = causeOf(error);
      if (cause == null) return error;
      error = cause;
    }
    return error;
  }

  /**
   * Like {@link #unwrapped}, and without a {@code new RuntimeException(cause)} that only hides a
   * checked exception.
   */
  static Throwable withoutWrappers(Throwable thrown) {
    Throwable error = unwrapped(thrown);
    for (int depth = 0; depth < MAX_CAUSES && isBare(error); depth++) {
      error = unwrapped(causeOf(error));
    }
    return error;
  }

  private static boolean isBare(Throwable error) {
    if (error == null || error.getClass() != RuntimeException.class) return false;
    Throwable cause = causeOf(error);
    return cause != null && messageOf(error).equals(cause.toString());
  }

  private static boolean isWrapping(Throwable error) {
    return error instanceof CompletionException
        || error instanceof ExecutionException
        || error instanceof InvocationTargetException
        || error instanceof UndeclaredThrowableException;
  }

  private static Throwable causeOf(Throwable error) {
    try {
      return error.getCause();
    } catch (Throwable failed) {
      return null;
    }
  }

  /** Stops printing at the limit: a stack trace may be endless. */
  private static final class BoundedWriter extends Writer {
    private final StringBuilder text = new StringBuilder();
    private final int maxChars;

    private static final class Full extends RuntimeException {
      private static final long serialVersionUID = 1L;

      Full() {
        super("the limit is reached", null, false, false);
      }
    }

    BoundedWriter(int maxChars) {
      this.maxChars = maxChars;
    }

    @Override
    public void write(char[] chars, int from, int count) {
      int room = Math.max(0, maxChars + 1 - text.length());
      text.append(chars, from, Math.min(count, room));
      if (count >= room) throw new Full();
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}

    @Override
    public String toString() {
      return text.toString();
    }
  }
}
