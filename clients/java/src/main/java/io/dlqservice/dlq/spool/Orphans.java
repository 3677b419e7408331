package io.dlqservice.dlq.spool;

import com.google.protobuf.InvalidProtocolBufferException;
import io.dlqservice.dlq.spool.RecordScanner.Found;
import io.dlqservice.dlq.spool.SpoolFolder.Listed;
import io.dlqservice.dlq.spool.SpoolFolder.Name;
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

/** Files that nobody works on any more. */
final class Orphans {
  /** A process that died before it had written as much has told nobody that it kept something. */
  private static final int EMPTY_BYTES = 25;

  /** A file that nothing has touched for so long has lost its owner. */
  private static final long UNTOUCHED_MS = 120_000;

  /** Longer than any Owner that a client writes. */
  private static final int OWNER_BYTES = 64 * 1024;

  private final SpoolPurpose purpose;
  private final ProcessIdentity own;

  Orphans(SpoolPurpose purpose, ProcessIdentity own) {
    this.purpose = purpose;
    this.own = own;
  }

  /**
   * Renames one to a name of our own: of those who try, one succeeds.
   *
   * @param held paths of files that are ours
   * @return its new path
   */
  Optional<Path> take(Listed file, Collection<Path> held) {
    Optional<Name> name = SpoolFolder.nameOf(file.path());
    if (name.isEmpty() || held.contains(file.path())) return Optional.empty();
    long untouchedMs = System.currentTimeMillis() - file.changedAtMs();
    try {
      if (file.bytes() < EMPTY_BYTES) {
        if (untouchedMs > UNTOUCHED_MS) Files.deleteIfExists(file.path());
        return Optional.empty();
      }
      if (!isOrphan(file.path(), name.get().pid(), untouchedMs)) return Optional.empty();
      Path path = file.path().resolveSibling(SpoolFolder.newFileName(name.get().createdAtMs()));
      // Before, so that whoever looks next sees that it has an owner: reading may take its time.
      Files.setLastModifiedTime(file.path(), FileTime.from(Instant.now()));
      return Optional.of(Files.move(file.path(), path, StandardCopyOption.ATOMIC_MOVE));
    } catch (IOException somebodyWasFaster) {
      return Optional.empty();
    }
  }

  private boolean isOrphan(Path path, long holder, long untouchedMs) throws IOException {
    Optional<Owner> first = firstOwner(path).filter(purpose::isOf);
    if (first.isEmpty()) return false;
    if (untouchedMs > UNTOUCHED_MS) return true;
    if (!isDead(holder, first.get())) return false;
    // In a container that is started again each process is 1: the living one may have adopted it.
    boolean mayHaveSuccessor =
        holder == first.get().getPid() && ProcessIdentity.isRunning(holder, 0);
    return !mayHaveSuccessor || isDead(holder, lastOwner(path).orElse(first.get()));
  }

  /** The name is of the one who has it now, the first record of the one who made it. */
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
        || first.get().type() != RecordType.OWNER) {
      return Optional.empty();
    }
    return ownerIn(first.get());
  }

  /** Whoever adopts a file appends an Owner. */
  private static Optional<Owner> lastOwner(Path path) throws IOException {
    byte[] content = Files.readAllBytes(path);
    return new RecordScanner(content, Framing.HEADER_BYTES)
        .records().stream()
            .filter(found -> found.type() == RecordType.OWNER)
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
