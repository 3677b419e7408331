package io.dlqservice.dlq.internal.spool;

import io.dlqservice.dlq.internal.spool.SpoolFolder.Listed;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;

/** How many bytes other processes use in a folder. */
final class FolderUsage {
  /** How old the number may be. */
  private static final long STALE_NS = 1_000_000_000L;

  private final Path folder;
  private List<Listed> listed;
  private long lookedAtNs;

  FolderUsage(Path folder) {
    this.folder = folder;
  }

  Path folder() {
    return folder;
  }

  /**
   * @param own files that do not count
   */
  long bytesOfOthers(Collection<Path> own) {
    if (listed == null || System.nanoTime() - lookedAtNs > STALE_NS) {
      listed = SpoolFolder.list(folder);
      lookedAtNs = System.nanoTime();
    }
    return listed.stream()
        .filter(file -> !own.contains(file.path()))
        .mapToLong(Listed::bytes)
        .sum();
  }
}
