package io.dlqservice.dlq.spring;

import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.Worker;
import io.dlqservice.dlq.WorkerBuilder;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationContextAware;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.MethodIntrospector.MetadataLookup;
import org.springframework.core.annotation.AnnotatedElementUtils;

/**
 * Runs one worker for each {@link DueMessages} method while the application runs. All workers stop
 * at the same time, before any bean is destroyed.
 */
final class DueMessagesWorkers
    implements SmartLifecycle, SmartInitializingSingleton, ApplicationContextAware {
  /** A method and its annotation. */
  private record Found(DueMessages messages, DueMessagesHandler handler) {}

  private final ObjectProvider<DlqClient> client;
  private final List<Found> found = new ArrayList<>();
  private final List<Worker> workers = new ArrayList<>();
  private ConfigurableListableBeanFactory beans;
  private CountDownLatch stopped = new CountDownLatch(0);
  private boolean isRunning;

  /**
   * @param client used only if there is a method
   */
  DueMessagesWorkers(ObjectProvider<DlqClient> client) {
    this.client = client;
  }

  @Override
  public void setApplicationContext(ApplicationContext context) {
    beans = ((ConfigurableApplicationContext) context).getBeanFactory();
  }

  @Override
  public void afterSingletonsInstantiated() {
    for (String name : beans.getBeanDefinitionNames()) {
      // Its proxy has the same methods.
      if (ScopedProxyUtils.isScopedTarget(name)) continue;
      Class<?> type = beans.getType(name, false);
      if (type == null || type.getName().startsWith("org.springframework.")) continue;
      MetadataLookup<DueMessages> annotation =
          method -> AnnotatedElementUtils.findMergedAnnotation(method, DueMessages.class);
      Map<Method, DueMessages> methods = MethodIntrospector.selectMethods(type, annotation);
      methods.forEach((method, messages) -> add(beans.getBean(name), method, messages));
    }
  }

  private void add(Object bean, Method method, DueMessages messages) {
    Method invocable = AopUtils.selectInvocableMethod(method, bean.getClass());
    found.add(new Found(messages, new DueMessagesHandler(bean, method, invocable)));
  }

  /** The number of running workers. */
  int count() {
    return workers.size();
  }

  @Override
  public void start() {
    for (Found one : found) {
      String[] queues =
          Arrays.stream(one.messages.value())
              .map(beans::resolveEmbeddedValue)
              .toArray(String[]::new);
      WorkerBuilder worker = client.getObject().worker(queues);
      if (one.messages.concurrency() > 0) worker.concurrency(one.messages.concurrency());
      workers.add(one.handler.start(worker));
    }
    isRunning = true;
    if (!workers.isEmpty()) keepAlive();
  }

  /**
   * The client's threads are daemons. Without this thread, an application without a web server
   * ends.
   */
  private void keepAlive() {
    CountDownLatch end = new CountDownLatch(1);
    stopped = end;
    Thread thread =
        new Thread(
            () -> {
              try {
                end.await();
              } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
              }
            },
            "dlq-due-messages");
    thread.setDaemon(false);
    thread.start();
  }

  @Override
  public void stop(Runnable callback) {
    isRunning = false;
    CompletableFuture.allOf(workers.stream().map(Worker::stop).toArray(CompletableFuture<?>[]::new))
        .whenComplete(
            (none, never) -> {
              stopped.countDown();
              callback.run();
            });
    workers.clear();
  }

  @Override
  public void stop() {
    CompletableFuture<Void> stopped = new CompletableFuture<>();
    stop(() -> stopped.complete(null));
    stopped.join();
  }

  @Override
  public boolean isRunning() {
    return isRunning;
  }
}
