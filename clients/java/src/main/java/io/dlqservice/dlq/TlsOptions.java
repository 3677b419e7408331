package io.dlqservice.dlq;

import java.nio.file.Path;

/** TLS of the connection. Without files, the certificates that the JVM trusts count. */
public final class TlsOptions {
  final Path ca;
  final Path certificate;
  final Path key;
  final String serverName;

  private TlsOptions(Builder builder) {
    ca = builder.ca;
    certificate = builder.certificate;
    key = builder.key;
    serverName = builder.serverName;
  }

  public static Builder builder() {
    return new Builder();
  }

  /** Makes {@link TlsOptions}. */
  public static final class Builder {
    private Path ca;
    private Path certificate;
    private Path key;
    private String serverName;

    private Builder() {}

    /** Certificates to trust instead of the JVM's, in a PEM file. */
    public Builder ca(Path ca) {
      this.ca = ca;
      return this;
    }

    /** Certificate and key of this client, in PEM files, where the server asks for one. */
    public Builder certificate(Path certificate, Path key) {
      if ((certificate == null) != (key == null)) {
        throw new IllegalArgumentException("certificate and key belong together; give both");
      }
      this.certificate = certificate;
      this.key = key;
      return this;
    }

    /** The name to expect in the server's certificate, if it isn't that of the target. */
    public Builder serverName(String serverName) {
      this.serverName = serverName;
      return this;
    }

    public TlsOptions build() {
      return new TlsOptions(this);
    }
  }
}
