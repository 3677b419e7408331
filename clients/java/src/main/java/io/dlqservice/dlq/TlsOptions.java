package io.dlqservice.dlq;

import java.nio.file.Path;

/** TLS of the connection. Without files, the JVM's certificates are trusted. */
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

  /** Builds {@link TlsOptions}. */
  public static final class Builder {
    private Path ca;
    private Path certificate;
    private Path key;
    private String serverName;

    private Builder() {}

    /** A PEM file of certificates to trust instead of the JVM's. */
    public Builder ca(Path ca) {
      this.ca = ca;
      return this;
    }

    /** PEM files of this client's certificate and key, for a server that requires one. */
    public Builder certificate(Path certificate, Path key) {
      if ((certificate == null) != (key == null)) {
        throw new IllegalArgumentException("only one of certificate and key is set; give both");
      }
      this.certificate = certificate;
      this.key = key;
      return this;
    }

    /** The expected name in the server's certificate, if it is not the target's. */
    public Builder serverName(String serverName) {
      this.serverName = serverName;
      return this;
    }

    public TlsOptions build() {
      return new TlsOptions(this);
    }
  }
}
