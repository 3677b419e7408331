package io.dlqservice.dlq.testing;

import java.io.IOException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * For JUnit 5: gives a {@link LocalServer} to every test of a class that has a parameter of that
 * type, one for the whole class.
 *
 * <pre>{@code
 * @ExtendWith(LocalServerExtension.class)
 * class OrdersTest {
 *   @Test
 *   void failuresAreKept(LocalServer server) { … }
 * }
 * }</pre>
 */
public final class LocalServerExtension implements ParameterResolver {
  private static final Namespace NAMESPACE = Namespace.create(LocalServerExtension.class);

  /** JUnit closes what its stores hold, once the class is done. */
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
      throw new ParameterResolutionException("interrupted while the server starts");
    } catch (IOException failure) {
      throw new ParameterResolutionException("the server can't be started", failure);
    }
  }
}
