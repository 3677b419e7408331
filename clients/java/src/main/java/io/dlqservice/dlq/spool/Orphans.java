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
      Optional<Owner> owner = firstOwner(file.path()).filter(purpose::isOf);
      if (owner.isEmpty()) return Optional.empty();
      boolean isOrphan = untouchedMs > UNTOUCHED_MS || isDead(name.get().pid(), owner.get());
      if (!isOrphan) return Optional.empty();
      Path path = file.path().resolveSibling(SpoolFolder.newFileName(name.get().createdAtMs()));
      return Optional.of(Files.move(file.path(), path, StandardCopyOption.ATOMIC_MOVE));
    } catch (IOException somebodyWasFaster) {
      return Optional.empty();
    }
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
    try {
      return Optional.of(Owner.parseFrom(first.get().body()));
    } catch (InvalidProtocolBufferException unreadable) {
      return Optional.empty();
    }
  }
}
