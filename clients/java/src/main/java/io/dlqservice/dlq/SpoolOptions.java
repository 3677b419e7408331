package io.dlqservice.dlq;

import java.nio.file.Path;

/** How sends are kept that can't be delivered in time. */
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

  /** Makes {@link SpoolOptions}. */
  public static final class Builder {
    private Path folder;
    private long maxBytes = MAX_BYTES;
    private boolean sync;

    private Builder() {}

    /**
     * Where the files are. Default: the environment's {@code DLQ_SPOOL_DIR}, else the platform's
     * place for state.
     */
    public Builder folder(Path folder) {
      this.folder = folder;
      return this;
    }

    /** Most bytes of all files of the service in the folder: 256 MiB by default. */
    public Builder maxBytes(long maxBytes) {
      this.maxBytes = Checks.atLeast("maxBytes", maxBytes, 1);
      return this;
    }

    /**
     * Have each write on the disk before a send counts as kept: it then survives the machine, too.
     * Off by default.
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
