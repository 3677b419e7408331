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

/** What was thrown, and its causes, nearest first; never a circle. */
final class CauseChain {
  /** Deeper causes say nothing that a reader would still follow. */
  private static final int MOST = 16;

  private final Throwable thrown;
  private final List<Throwable> errors = new ArrayList<>();

  CauseChain(Throwable thrown) {
    this.thrown = thrown;
    Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    Throwable error = thrown;
    while (error != null && errors.size() < MOST && seen.add(error)) {
      errors.add(error);
      error = causeOf(error);
    }
  }

  /** The first that is found, from the outermost on. */
  <T> Optional<T> first(Function<Throwable, Optional<T>> look) {
    for (Throwable error : errors) {
      Optional<T> found = look.apply(error);
      if (found.isPresent()) return found;
    }
    return Optional.empty();
  }

  /** As Java prints it, causes and suppressed ones included; about so many characters of it. */
  String stackTrace(int maxChars) {
    BoundedWriter text = new BoundedWriter(maxChars);
    try {
      thrown.printStackTrace(new PrintWriter(text));
    } catch (Throwable fullOrItsOwnFault) {
      // an exception with methods of its own; what is there is there
    }
    return text.toString();
  }

  static String messageOf(Throwable error) {
    try {
      String message = error.getMessage();
      return message == null ? "" : message;
    } catch (Throwable itsOwnFault) {
      return "";
    }
  }

  /** What was thrown before a future, or reflection, put it into an exception of its own. */
  static Throwable unwrapped(Throwable thrown) {
    Throwable error = thrown;
    for (int depth = 0; depth < MOST && isWrapping(error); depth++) {
      Throwable cause = causeOf(error);
      if (cause == null) return error;
      error = cause;
    }
    return error;
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
    } catch (Throwable itsOwnFault) {
      return null;
    }
  }

  /** Stack traces may be endless: at the bound it ends the printing of them. */
  private static final class BoundedWriter extends Writer {
    private final StringBuilder text = new StringBuilder();
    private final int maxChars;

    private static final class Full extends RuntimeException {
      private static final long serialVersionUID = 1L;

      Full() {
        super("enough of it is there", null, false, false);
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
