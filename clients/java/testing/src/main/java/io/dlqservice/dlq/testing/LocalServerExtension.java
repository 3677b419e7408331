package io.dlqservice.dlq.testing;

import java.io.IOException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * A JUnit 5 extension that gives a {@link LocalServer} to tests with such a parameter, one for each
 * class.
 *
 * <pre>{@code
 * @ExtendWith(LocalServerExtension.class)
 * class OrdersTest {
 *   @Test
 *   void keepsFailures(LocalServer server) { … }
 * }
 * }</pre>
 */
public final class LocalServerExtension implements ParameterResolver {
  private static final Namespace NAMESPACE = Namespace.create(LocalServerExtension.class);

  /** JUnit closes it after the class. */
  private record Held(LocalServer server) implements Store.CloseableResource, AutoCloseable {
    @Override
    public void close() {
      server.close();
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == LocalServer.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> owner = context.getRequiredTestClass();
    ExtensionContext ofClass = context;
    while (ofClass.getTestMethod().isPresent()) ofClass = ofClass.getParent().orElseThrow();
    Store store = ofClass.getStore(NAMESPACE);
    return store.getOrComputeIfAbsent(owner, key -> held(), Held.class).server();
  }

  private static Held held() {
    try {
      return new Held(LocalServer.start());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new ParameterResolutionException("interrupted while the server started");
    } catch (IOException failure) {
      throw new ParameterResolutionException("cannot start the server", failure);
    }
  }
}
