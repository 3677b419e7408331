package io.dlqservice.dlq.spool;

import com.google.protobuf.Timestamp;
import io.dlqservice.dlq.spool.SpoolFolder.Listed;
import io.dlqservice.dlq.spool.v1.Owner;
import io.dlqservice.dlq.spool.v1.SpooledMessage;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;

/**
 * Everything that a client has to deliver: its spool files, and letters that none could take. All
 * of it works with the disk: not for threads that must not wait.
 */
public final class Shelf {
  /** What a record has room for. */
  public static final int MOST_LETTER_BYTES = Framing.MOST_BODY_BYTES;

  /** Then another file is begun, so that this one can go once its letters have gone. */
  private static final long FULL_FILE_BYTES = 16L * 1024 * 1024;

  /** How long a folder that could not be written is left alone. */
  private static final long RETRY_DISK_NS = 30_000_000_000L;

  /** The first one may be adopted by somebody; that new ones are is a fault of the file system. */
  private static final int MOST_TRIES = 3;

  /** Each file that is held is a descriptor of this process. */
  private static final int MOST_HELD = 64;

  private final SpoolPurpose purpose;
  private final List<Path> folders;
  private final long maxBytes;
  private final boolean isSynced;
  private final Consumer<String> tell;
  private final ProcessIdentity identity = ProcessIdentity.own();
  private final MemoryLetters memory = new MemoryLetters();

  /** By age. */
  private final List<SpoolFile> files = new ArrayList<>();

  /** The one that letters are appended to; null for none. */
  private SpoolFile current;

  private FolderUse use;
  private long diskFailedAtNs;
  private boolean isInMemory;

  /**
   * @param folder the client's option, or null
   * @param tell says something that an operator should know
   */
  public Shelf(
      SpoolPurpose purpose, Path folder, long maxBytes, boolean isSynced, Consumer<String> tell) {
    this(purpose, SpoolFolder.candidates(folder, purpose.service()), maxBytes, isSynced, tell);
  }

  /**
   * @param folders of the service, the best first
   */
  Shelf(
      SpoolPurpose purpose,
      List<Path> folders,
      long maxBytes,
      boolean isSynced,
      Consumer<String> tell) {
    this.purpose = purpose;
    this.folders = folders;
    this.maxBytes = maxBytes;
    this.isSynced = isSynced;
    this.tell = tell;
  }

  public synchronized List<LetterStore> stores() {
    List<LetterStore> stores = new ArrayList<>(files);
    stores.add(memory);
    return stores;
  }

  public synchronized int count() {
    return files.stream().mapToInt(SpoolFile::count).sum() + memory.count();
  }

  /** One answer for each, in their order. */
  public synchronized List<Placed> append(List<SendToDlqRequest> requests) {
    List<byte[]> records = requests.stream().map(Shelf::recordOf).toList();
    List<Placed> placed = places(records);
    List<byte[]> fitting = new ArrayList<>();
    for (int at = 0; at < records.size(); at++) {
      if (placed.get(at) == Placed.DISK) fitting.add(records.get(at));
    }
    if (writeToDisk(fitting)) return placed;
    for (int at = 0; at < records.size(); at++) {
      if (placed.get(at) != Placed.DISK) continue;
      memory.add(requests.get(at), records.get(at).length);
      placed.set(at, Placed.MEMORY);
    }
    return placed;
  }

  /** Those letters need not be delivered any more. */
  public synchronized void finish(LetterStore store, List<Long> positions) {
    if (store == memory) {
      memory.finish(positions);
      return;
    }
    if (!(store instanceof SpoolFile file) || !files.contains(file)) return;
    try {
      file.finish(positions, isSynced);
    } catch (IOException unwritable) {
      // delivered twice, then
    }
    if (file.count() == 0) remove(file);
  }

  /** Takes over what others have left. */
  public synchronized void adopt() {
    Orphans orphans = new Orphans(purpose, identity);
    for (Path folder : folders) {
      for (Listed listed : SpoolFolder.list(folder)) {
        if (files.size() >= MOST_HELD) return;
        List<Path> held = files.stream().map(SpoolFile::path).toList();
        orphans.take(listed, held).ifPresent(this::adopt);
      }
    }
  }

  private void adopt(Path path) {
    try {
      SpoolFile file = SpoolFile.adopt(path);
      if (file.skippedBytes() > 0) {
        tell.accept("passed over " + file.skippedBytes() + " damaged bytes of " + path);
      }
      if (file.count() == 0) {
        file.remove();
        return;
      }
      files.add(file);
      files.sort(Comparator.comparing(one -> one.path().getFileName()));
      claim(file);
    } catch (IOException unreadable) {
      tell.accept("can't read " + path + ": " + unreadable);
    }
  }

  private void claim(SpoolFile file) {
    try {
      file.touch();
      file.claim(ownerRecord(), isSynced);
    } catch (IOException fullDisk) {
      // its name says whose it is, and delivering it makes room
    }
  }

  /** Says that the files have an owner, and lets go of those that somebody else has. */
  public synchronized void touch() {
    for (SpoolFile file : List.copyOf(files)) {
      try {
        if (file.hasItsName()) file.touch();
        else letGo(file);
      } catch (IOException unwritable) {
        // the next time, then
      }
    }
  }

  /** Leaves the files to others, and gives what is in no file. */
  public synchronized List<SendToDlqRequest> release() {
    files.forEach(SpoolFile::release);
    files.clear();
    current = null;
    return memory.clear();
  }

  /** The disk, for those that fit. */
  private List<Placed> places(List<byte[]> records) {
    long used = memory.bytes() + files.stream().mapToLong(SpoolFile::bytes).sum();
    try {
      openFolder();
      used += use.ofOthers(files.stream().map(SpoolFile::path).toList());
    } catch (IOException writingFindsOutToo) {
      // then memory alone counts
    }
    List<Placed> places = new ArrayList<>();
    for (byte[] record : records) {
      boolean isTooLong = record.length - Framing.RECORD_HEAD_BYTES > MOST_LETTER_BYTES;
      boolean isRoom = used + record.length <= maxBytes;
      places.add(isTooLong ? Placed.TOO_LONG : isRoom ? Placed.DISK : Placed.FULL);
      if (!isTooLong && isRoom) used += record.length;
    }
    return places;
  }

  /**
   * @return false where there is no disk to write to
   */
  private boolean writeToDisk(List<byte[]> records) {
    if (records.isEmpty()) return true;
    if (isInMemory && System.nanoTime() - diskFailedAtNs < RETRY_DISK_NS) return false;
    try {
      appendToOne(records);
      isInMemory = false;
      return true;
    } catch (IOException failure) {
      diskFailedAtNs = System.nanoTime();
      SpoolFile failed = current;
      current = null;
      if (failed != null && failed.count() == 0) remove(failed); // else each try would leave one
      if (!isInMemory) {
        tell.accept("keeps letters in memory only, for no file can be written: " + failure);
      }
      isInMemory = true;
      return false;
    }
  }

  private void appendToOne(List<byte[]> records) throws IOException {
    for (int tries = 0; tries < MOST_TRIES; tries++) if (appendOnce(records)) return;
    throw new IOException("files lose their names as soon as they are made");
  }

  /**
   * @return false where somebody has adopted the file, maybe before it had these
   */
  private boolean appendOnce(List<byte[]> records) throws IOException {
    if (current == null || current.bytes() >= FULL_FILE_BYTES) {
      String name = SpoolFolder.newFileName(System.currentTimeMillis());
      current = SpoolFile.make(openFolder().resolve(name));
      files.add(current);
    }
    SpoolFile file = current;
    ByteArrayOutputStream start = new ByteArrayOutputStream();
    start.writeBytes(Framing.header());
    start.writeBytes(ownerRecord());
    file.append(records, start.toByteArray(), isSynced);
    if (file.hasItsName()) return true;
    letGo(file);
    return false;
  }

  private Path openFolder() throws IOException {
    Path folder = SpoolFolder.firstWritable(folders);
    if (use == null || !use.folder().equals(folder)) use = new FolderUse(folder);
    return folder;
  }

  private byte[] ownerRecord() {
    Owner owner =
        Owner.newBuilder()
            .setTarget(purpose.target())
            .setService(purpose.service())
            .setHost(identity.host())
            .setBootId(identity.bootId())
            .setPidNamespace(identity.pidNamespace())
            .setPid(identity.pid())
            .setProcessStart(identity.processStart())
            .setCreateTime(now())
            .build();
    return Framing.encode(RecordType.OWNER, owner.toByteArray());
  }

  private static byte[] recordOf(SendToDlqRequest request) {
    SpooledMessage letter =
        SpooledMessage.newBuilder().setRequest(request).setSpoolTime(now()).build();
    return Framing.encode(RecordType.LETTER, letter.toByteArray());
  }

  private static Timestamp now() {
    Instant now = Instant.now();
    return Timestamp.newBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano()).build();
  }

  private void remove(SpoolFile file) {
    forget(file);
    file.remove();
  }

  private void letGo(SpoolFile file) {
    forget(file);
    file.close();
  }

  private void forget(SpoolFile file) {
    files.remove(file);
    if (current == file) current = null;
  }
}
