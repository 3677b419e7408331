package io.dlqservice.dlq;

import java.nio.file.Path;

/** How sends that could not be sent in time are kept. */
public final class SpoolOptions {
  private static final long MAX_BYTES = 256L * 1024 * 1024;

  final Path folder;
  final long maxBytes;
  final boolean sync;

  private SpoolOptions(Builder builder) {
    folder = builder.folder;
    maxBytes = builder.maxBytes;
    sync = builder.sync;
  }

  public static Builder builder() {
    return new Builder();
  }

  /** Builds {@link SpoolOptions}. */
  public static final class Builder {
    private Path folder;
    private long maxBytes = MAX_BYTES;
    private boolean sync;

    private Builder() {}

    /**
     * The folder of the files. Default: the environment's {@code DLQ_SPOOL_DIR}, then the
     * platform's folder for state.
     */
    public Builder folder(Path folder) {
      this.folder = folder;
      return this;
    }

    /** Limit of all files of the service in the folder: 256 MiB by default. */
    public Builder maxBytes(long maxBytes) {
      this.maxBytes = Checks.atLeast("maxBytes", maxBytes, 1);
      return this;
    }

    /**
     * Whether each write reaches the disk before a send counts as spooled, so that it survives a
     * crash of the machine. Off by default.
     */
    public Builder sync(boolean sync) {
      this.sync = sync;
      return this;
    }

    public SpoolOptions build() {
      return new SpoolOptions(this);
    }
  }
}
