package io.dlqservice.dlq.spring;

import io.dlqservice.dlq.Outcome;
import java.lang.reflect.Method;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.scheduling.annotation.Async;
import org.springframework.util.ClassUtils;
import reactor.core.publisher.Mono;

/** What {@link DueMessages} methods may return: no result is ignored. */
final class HandlerResults {
  private static final boolean HAS_REACTOR =
      ClassUtils.isPresent("reactor.core.publisher.Mono", HandlerResults.class.getClassLoader());

  private static final Set<Class<?>> RESULTS = Set.of(void.class, Void.class, Outcome.class);

  private static final String ADVICE =
      "; return void, an Outcome, or a CompletionStage or Mono of Void or of an Outcome";

  private HandlerResults() {}

  /**
   * Whether the method returns a future.
   *
   * @throws IllegalStateException if its result would be ignored, or its end cannot be awaited
   */
  static boolean isAsync(Method method) {
    Class<?>[] parameters = method.getParameterTypes();
    int last = parameters.length - 1;
    if (last >= 0 && parameters[last].getName().equals("kotlin.coroutines.Continuation")) {
      throw invalid(method, "is a suspend function, which cannot be awaited" + ADVICE);
    }
    ResolvableType returned = ResolvableType.forMethodReturnType(method);
    ResolvableType stage = stageOf(returned);
    boolean isAsync = !stage.equals(ResolvableType.NONE);
    if (!isAsync && isAsyncMethod(method)) {
      throw invalid(
          method, "is @Async without a future, so that its errors would be ignored" + ADVICE);
    }
    ResolvableType result = isAsync ? stage.getGeneric(0) : returned;
    boolean isUnknown = isAsync && result.resolve(Object.class) == Object.class;
    if (isUnknown || RESULTS.contains(result.resolve(Object.class))) return isAsync;
    throw invalid(method, "returns " + returned + ", whose value is no Outcome" + ADVICE);
  }

  private static ResolvableType stageOf(ResolvableType returned) {
    ResolvableType stage = returned.as(CompletionStage.class);
    return stage.equals(ResolvableType.NONE) && HAS_REACTOR ? Reactor.monoOf(returned) : stage;
  }

  private static boolean isAsyncMethod(Method method) {
    return AnnotatedElementUtils.hasAnnotation(method, Async.class)
        || AnnotatedElementUtils.hasAnnotation(method.getDeclaringClass(), Async.class);
  }

  private static IllegalStateException invalid(Method method, String why) {
    return new IllegalStateException(
        "the @DueMessages method " + ClassUtils.getQualifiedMethodName(method) + " " + why);
  }

  /**
   * @param returned by a method for which {@link #isAsync} is true; null stays null
   */
  static CompletionStage<?> stage(Object returned) {
    boolean isStage = returned == null || returned instanceof CompletionStage;
    return isStage ? (CompletionStage<?>) returned : Reactor.future(returned);
  }

  /** A class of its own: it is not loaded if Reactor is missing. */
  private static final class Reactor {
    static ResolvableType monoOf(ResolvableType returned) {
      return returned.as(Mono.class);
    }

    static CompletionStage<?> future(Object mono) {
      return ((Mono<?>) mono).toFuture();
    }
  }
}
