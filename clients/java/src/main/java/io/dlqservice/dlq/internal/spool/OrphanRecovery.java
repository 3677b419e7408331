package io.dlqservice.dlq.internal.spool;

import com.google.protobuf.InvalidProtocolBufferException;
import io.dlqservice.dlq.internal.spool.RecordScanner.Found;
import io.dlqservice.dlq.internal.spool.SpoolFolder.Listed;
import io.dlqservice.dlq.internal.spool.SpoolFolder.Name;
import io.dlqservice.dlq.spool.v1.Owner;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Collection;
import java.util.Optional;

/** Finds and claims spool files whose process has ended. */
final class OrphanRecovery {
  /** A smaller file has no message: its process ended before it finished the first write. */
  private static final int EMPTY_BYTES = 25;

  /** A file that was not touched for this time has no owner. */
  private static final long UNTOUCHED_MS = 120_000;

  /** Longer than any Owner record. */
  private static final int OWNER_BYTES = 64 * 1024;

  private final SpoolScope scope;
  private final ProcessIdentity own;

  OrphanRecovery(SpoolScope scope, ProcessIdentity own) {
    this.scope = scope;
    this.own = own;
  }

  /**
   * Renames an orphan to a name of this process. If several processes try, one succeeds.
   *
   * @param held paths of this process's own files
   * @return its new path; empty if it is not an orphan
   */
  Optional<Path> claim(Listed file, Collection<Path> held) {
    Optional<Name> name = SpoolFolder.nameOf(file.path());
    if (name.isEmpty() || held.contains(file.path())) return Optional.empty();
    // Another user may have made it, to have it sent, or a file of this user changed.
    if (!file.isOwn()) return Optional.empty();
    long untouchedMs = System.currentTimeMillis() - file.changedAtMs();
    try {
      if (file.bytes() < EMPTY_BYTES) {
        if (untouchedMs > UNTOUCHED_MS) Files.deleteIfExists(file.path());
        return Optional.empty();
      }
      if (!isOrphan(file.path(), name.get().pid(), untouchedMs)) return Optional.empty();
      Path path = file.path().resolveSibling(SpoolFolder.newFileName(name.get().createdAtMs()));
      // Touched first, so that others see an owner: reading may take long.
      Files.setLastModifiedTime(file.path(), FileTime.from(Instant.now()));
      return Optional.of(Files.move(file.path(), path, StandardCopyOption.ATOMIC_MOVE));
    } catch (IOException failure) { // such as a file that another process has claimed
      return Optional.empty();
    }
  }

  private boolean isOrphan(Path path, long holder, long untouchedMs) throws IOException {
    Optional<Owner> first = firstOwner(path).filter(scope::isOf);
    if (first.isEmpty()) return false;
    if (untouchedMs > UNTOUCHED_MS) return true;
    if (!isDead(holder, first.get())) return false;
    // In a restarted container the process id is always 1: a running process may have recovered the
    // file.
    boolean mayHaveSuccessor =
        holder == first.get().getPid() && ProcessIdentity.isRunning(holder, 0);
    return !mayHaveSuccessor || isDead(holder, lastOwner(path).orElse(first.get()));
  }

  /** The name has the process that holds the file now, the first record the one that made it. */
  private boolean isDead(long holder, Owner owner) {
    if (!own.canCompare(owner)) return false;
    long start = holder == owner.getPid() ? owner.getProcessStart() : 0;
    return !ProcessIdentity.isRunning(holder, start);
  }

  private static Optional<Owner> firstOwner(Path path) throws IOException {
    byte[] start;
    try (InputStream file = Files.newInputStream(path)) {
      start = file.readNBytes(OWNER_BYTES);
    }
    if (!Framing.hasHeader(start)) return Optional.empty();
    Optional<Found> first =
        new RecordScanner(start, Framing.HEADER_BYTES).records().stream().findFirst();
    if (first.isEmpty()
        || first.get().offset() != Framing.HEADER_BYTES
        || first.get().type() != Framing.OWNER) {
      return Optional.empty();
    }
    return ownerIn(first.get());
  }

  /** A process that recovers a file appends an Owner record. */
  private static Optional<Owner> lastOwner(Path path) throws IOException {
    byte[] content = Files.readAllBytes(path);
    return new RecordScanner(content, Framing.HEADER_BYTES)
        .records().stream()
            .filter(found -> found.type() == Framing.OWNER)
            .flatMap(found -> ownerIn(found).stream())
            .reduce((earlier, later) -> later);
  }

  private static Optional<Owner> ownerIn(Found found) {
    try {
      return Optional.of(Owner.parseFrom(found.body()));
    } catch (InvalidProtocolBufferException unreadable) {
      return Optional.empty();
    }
  }
}
