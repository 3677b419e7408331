package io.dlqservice.dlq;

import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import io.grpc.Status;
import io.grpc.StatusOr;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * Resolves names as gRPC does. For a name that cannot be resolved, it gives an address to which no
 * connection can be made: gRPC would log a stack trace at each try.
 */
final class QuietNames extends NameResolverProvider {
  private static final String SCHEME = "dns";
  private static final int PRIORITY = 5;

  private final NameResolver.Factory names = NameResolverRegistry.getDefaultRegistry().asFactory();

  @Override
  public NameResolver newNameResolver(URI target, NameResolver.Args args) {
    NameResolver resolver = names.newNameResolver(target, args);
    return resolver == null ? null : new Quiet(resolver);
  }

  @Override
  public Collection<Class<? extends SocketAddress>> getProducedSocketAddressTypes() {
    return Set.of(InetSocketAddress.class);
  }

  @Override
  protected boolean isAvailable() {
    return true;
  }

  @Override
  protected int priority() {
    return PRIORITY;
  }

  @Override
  public String getDefaultScheme() {
    return SCHEME;
  }

  private static final class Quiet extends NameResolver {
    private final NameResolver resolver;

    Quiet(NameResolver resolver) {
      this.resolver = resolver;
    }

    @Override
    public String getServiceAuthority() {
      return resolver.getServiceAuthority();
    }

    @Override
    public void start(Listener2 listener) {
      resolver.start(new Unresolved(getServiceAuthority(), listener));
    }

    @Override
    public void refresh() {
      resolver.refresh();
    }

    @Override
    public void shutdown() {
      resolver.shutdown();
    }
  }

  private static final class Unresolved extends NameResolver.Listener2 {
    private final List<EquivalentAddressGroup> none;
    private final NameResolver.Listener2 listener;

    Unresolved(String name, NameResolver.Listener2 listener) {
      none = List.of(new EquivalentAddressGroup(InetSocketAddress.createUnresolved(name, 0)));
      this.listener = listener;
    }

    @Override
    public void onResult(NameResolver.ResolutionResult result) {
      listener.onResult(resolved(result));
    }

    @Override
    public Status onResult2(NameResolver.ResolutionResult result) {
      return listener.onResult2(resolved(result));
    }

    @Override
    public void onError(Status error) {
      listener.onResult(
          NameResolver.ResolutionResult.newBuilder()
              .setAddressesOrError(StatusOr.fromValue(none))
              .build());
    }

    private NameResolver.ResolutionResult resolved(NameResolver.ResolutionResult result) {
      if (result.getAddressesOrError().hasValue()) return result;
      return result.toBuilder().setAddressesOrError(StatusOr.fromValue(none)).build();
    }
  }
}
