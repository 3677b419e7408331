package io.dlqservice.dlq.internal.spool;

import com.google.protobuf.Timestamp;
import io.dlqservice.dlq.internal.spool.SpoolFolder.Listed;
import io.dlqservice.dlq.spool.v1.Owner;
import io.dlqservice.dlq.spool.v1.SpooledMessage;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The spooled messages of a client that are still to be sent: its files, and the in-memory
 * fallback. All methods may wait for the disk.
 */
public final class SpoolStore {
  /** Limit of one message. */
  public static final int MAX_MESSAGE_BYTES = Framing.MAX_BODY_BYTES;

  /** A larger file gets no more messages, so that it can be removed once they are sent. */
  private static final long FULL_FILE_BYTES = 16L * 1024 * 1024;

  /** How long to wait after a failed write before the next try. */
  private static final long RETRY_DISK_NS = 30_000_000_000L;

  /** Another process may take the first new file. More often means a faulty file system. */
  private static final int MAX_TRIES = 3;

  /** Each file takes a file descriptor. */
  private static final int MAX_HELD = 64;

  private final SpoolScope scope;
  private final List<Path> folders;
  private final long maxBytes;
  private final boolean isSynced;
  private final Consumer<String> warn;
  private final ProcessIdentity identity = ProcessIdentity.own();
  private final MemoryFallback memory = new MemoryFallback();

  /** Oldest first. */
  private final List<SpoolFile> files = new ArrayList<>();

  /** New messages go here; null for none. */
  private SpoolFile current;

  private FolderUsage usage;
  private long diskFailedAtNs;
  private boolean isInMemory;

  /**
   * @param folder the client's option, or null
   * @param warn logs a warning
   */
  public SpoolStore(
      SpoolScope scope, Path folder, long maxBytes, boolean isSynced, Consumer<String> warn) {
    this(scope, SpoolFolder.candidates(folder, scope.service()), maxBytes, isSynced, warn);
  }

  /**
   * @param folders of the service, the best first
   */
  SpoolStore(
      SpoolScope scope,
      List<Path> folders,
      long maxBytes,
      boolean isSynced,
      Consumer<String> warn) {
    this.scope = scope;
    this.folders = folders;
    this.maxBytes = maxBytes;
    this.isSynced = isSynced;
    this.warn = warn;
  }

  public String target() {
    return scope.target();
  }

  public synchronized List<SpoolSource> sources() {
    List<SpoolSource> sources = new ArrayList<>(files);
    sources.add(memory);
    return sources;
  }

  public synchronized int count() {
    return files.stream().mapToInt(SpoolFile::count).sum() + memory.count();
  }

  /** Bytes of the files and messages that are counted. */
  public synchronized long bytes() {
    return memory.bytes() + unsent().mapToLong(SpoolFile::bytes).sum();
  }

  /** Age of the oldest file or message in memory; zero if there is none. */
  public synchronized Duration oldestAge() {
    return Stream.concat(memory.oldestAddTime(), unsent().flatMap(SpoolFile::createTime))
        .map(time -> Duration.between(time, Instant.now()))
        .filter(age -> !age.isNegative()) // the clock was set back
        .max(Comparator.naturalOrder())
        .orElse(Duration.ZERO);
  }

  private Stream<SpoolFile> unsent() {
    return files.stream().filter(file -> file.count() > 0);
  }

  /** Returns one result for each request, in order. */
  public synchronized List<SpoolResult> append(List<SendToDlqRequest> requests) {
    List<byte[]> records = requests.stream().map(SpoolStore::recordOf).toList();
    List<SpoolResult> results = place(records);
    List<byte[]> fitting = new ArrayList<>();
    for (int at = 0; at < records.size(); at++) {
      if (results.get(at) == SpoolResult.DISK) fitting.add(records.get(at));
    }
    if (writeToDisk(fitting)) return results;
    for (int at = 0; at < records.size(); at++) {
      if (results.get(at) != SpoolResult.DISK) continue;
      memory.add(requests.get(at), records.get(at).length);
      results.set(at, SpoolResult.MEMORY);
    }
    return results;
  }

  /** Removes messages that are sent or refused. */
  public synchronized void finish(SpoolSource source, List<Long> positions) {
    if (source == memory) {
      memory.finish(positions);
      return;
    }
    if (!(source instanceof SpoolFile file) || !files.contains(file)) return;
    try {
      file.finish(positions, isSynced);
    } catch (IOException unwritable) {
      // they are sent twice
    }
    if (file.count() == 0) remove(file);
  }

  /** Claims the files of processes that have ended. */
  public synchronized void recoverOrphans() {
    OrphanRecovery recovery = new OrphanRecovery(scope, identity);
    for (Path folder : folders) {
      for (Listed listed : SpoolFolder.list(folder)) {
        if (files.size() >= MAX_HELD) return;
        List<Path> held = files.stream().map(SpoolFile::path).toList();
        recovery.claim(listed, held).ifPresent(this::addClaimed);
      }
    }
  }

  private void addClaimed(Path path) {
    try {
      SpoolFile file = SpoolFile.open(path);
      if (file.skippedBytes() > 0) {
        warn.accept(
            "skipped " + file.skippedBytes() + " damaged bytes in spool file " + file.name());
      }
      if (file.count() == 0) {
        file.remove();
        return;
      }
      files.add(file);
      files.sort(Comparator.comparing(one -> one.path().getFileName()));
      appendOwner(file);
    } catch (IOException unreadable) {
      warn.accept(
          "cannot read spool file " + path.getFileName() + ": " + unreadable + "; skipping it");
    }
  }

  private void appendOwner(SpoolFile file) {
    try {
      file.touch();
      file.appendOwner(ownerRecord(), isSynced);
    } catch (IOException fullDisk) {
      // the name has the owner, and sending makes room
    }
  }

  /** Shows others that this process runs, and closes files that another one took. */
  public synchronized void touch() {
    for (SpoolFile file : List.copyOf(files)) {
      try {
        if (file.hasItsName()) file.touch();
        else release(file);
      } catch (IOException unwritable) {
        // the next touch tries again
      }
    }
  }

  /** Leaves the files to others, and returns the messages in memory. */
  public synchronized List<SendToDlqRequest> release() {
    files.forEach(SpoolFile::release);
    files.clear();
    current = null;
    return memory.clear();
  }

  /** DISK for messages that fit. */
  private List<SpoolResult> place(List<byte[]> records) {
    long used = memory.bytes() + files.stream().mapToLong(SpoolFile::bytes).sum();
    try {
      openFolder();
      used += usage.bytesOfOthers(files.stream().map(SpoolFile::path).toList());
    } catch (IOException unwritable) {
      // the write fails as well
    }
    List<SpoolResult> results = new ArrayList<>();
    for (byte[] record : records) {
      boolean isTooLong = record.length - Framing.RECORD_HEAD_BYTES > MAX_MESSAGE_BYTES;
      boolean isRoom = used + record.length <= maxBytes;
      results.add(isTooLong ? SpoolResult.TOO_LONG : isRoom ? SpoolResult.DISK : SpoolResult.FULL);
      if (!isTooLong && isRoom) used += record.length;
    }
    return results;
  }

  /**
   * @return false if no file can be written
   */
  private boolean writeToDisk(List<byte[]> records) {
    if (records.isEmpty()) return true;
    if (isInMemory && System.nanoTime() - diskFailedAtNs < RETRY_DISK_NS) return false;
    try {
      appendToFile(records);
      isInMemory = false;
      return true;
    } catch (IOException failure) {
      diskFailedAtNs = System.nanoTime();
      SpoolFile failed = current;
      current = null;
      if (failed != null && failed.count() == 0) remove(failed); // else each try would leave a file
      if (!isInMemory) {
        warn.accept(
            "cannot write a spool folder ("
                + failure
                + "); keeping messages in memory, which are lost if the process ends");
      }
      isInMemory = true;
      return false;
    }
  }

  private void appendToFile(List<byte[]> records) throws IOException {
    for (int tries = 0; tries < MAX_TRIES; tries++) if (appendOnce(records)) return;
    throw new IOException("other processes take each new spool file at once");
  }

  /**
   * @return false if another process took the file, maybe before the write
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
    release(file);
    return false;
  }

  private Path openFolder() throws IOException {
    Path folder = SpoolFolder.firstWritable(folders);
    if (usage == null || !usage.folder().equals(folder)) usage = new FolderUsage(folder);
    return folder;
  }

  private byte[] ownerRecord() {
    Owner owner =
        Owner.newBuilder()
            .setTarget(scope.target())
            .setService(scope.service())
            .setHost(identity.host())
            .setBootId(identity.bootId())
            .setPidNamespace(identity.pidNamespace())
            .setPid(identity.pid())
            .setProcessStart(identity.processStart())
            .setCreateTime(now())
            .build();
    return Framing.encode(Framing.OWNER, owner.toByteArray());
  }

  private static byte[] recordOf(SendToDlqRequest request) {
    SpooledMessage message =
        SpooledMessage.newBuilder().setRequest(request).setSpoolTime(now()).build();
    return Framing.encode(Framing.MESSAGE, message.toByteArray());
  }

  private static Timestamp now() {
    Instant now = Instant.now();
    return Timestamp.newBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano()).build();
  }

  private void remove(SpoolFile file) {
    forget(file);
    file.remove();
  }

  private void release(SpoolFile file) {
    forget(file);
    file.close();
  }

  private void forget(SpoolFile file) {
    files.remove(file);
    if (current == file) current = null;
  }
}
