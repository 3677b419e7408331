package agent.faults;

import io.grpc.Metadata;
import io.grpc.Status;
import java.util.EnumSet;
import java.util.Set;

/** Detects calls that the server refused without any change. */
final class Refusal {
  /** Codes of such refusals. */
  static final Set<Status.Code> CODES =
      EnumSet.of(
          Status.Code.RESOURCE_EXHAUSTED,
          Status.Code.INVALID_ARGUMENT,
          Status.Code.UNAUTHENTICATED,
          Status.Code.UNIMPLEMENTED);

  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private Refusal() {}

  static boolean of(Status status, Metadata trailers) {
    return CODES.contains(status.getCode()) && trailers.containsKey(DETAILS);
  }
}
