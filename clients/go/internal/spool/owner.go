package spool

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqspoolv1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	// untouchedFor: a file that nothing has touched for so long has lost its owner.
	untouchedFor = 120 * time.Second
	// emptyBytes: a process that died before it had written as much has told nobody that it kept
	// something.
	emptyBytes = 25
	// mostHeld: each file that is held is a descriptor of this process.
	mostHeld = 64
)

// identity says which process this is, so that others can tell whether it still runs.
type identity struct {
	host, bootID, pidNamespace string
	pid, processStart          int64
}

func ownIdentity() identity {
	own := identity{pid: int64(os.Getpid())}
	own.host, _ = os.Hostname()
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	own.bootID = strings.TrimSpace(string(boot))
	own.pidNamespace, _ = os.Readlink("/proc/self/ns/pid")
	own.processStart, _ = startOf(own.pid)
	return own
}

// startOf is when a process started, in clock ticks since the machine's start; not ok if there is none.
func startOf(pid int64) (ticks int64, ok bool) {
	stat, err := os.ReadFile("/proc/" + strconv.FormatInt(pid, 10) + "/stat")
	if err != nil {
		return 0, false
	}
	// The second field is the program's name, in which anything may stand.
	_, rest, _ := bytes.Cut(stat[max(0, bytes.LastIndexByte(stat, ')')):], []byte(" "))
	fields := strings.Fields(string(rest))
	// A zombie is dead, and only not yet buried.
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return 0, false
	}
	ticks, err = strconv.ParseInt(fields[19], 10, 64)
	return ticks, err == nil
}

// purpose is for whom letters are kept: only the same delivers them.
type purpose struct{ target, service string }

func ownerRecord(p purpose, own identity, at time.Time) []byte {
	body, _ := proto.Marshal(&dlqspoolv1.Owner{
		Target: p.target, Service: p.service,
		Host: own.host, BootId: own.bootID, PidNamespace: own.pidNamespace,
		Pid: own.pid, ProcessStart: own.processStart,
		CreateTime: timestamppb.New(at),
	})
	return appendRecord(nil, ownerType, body)
}

// takeOrphans renames files that nobody works on any more to names of our own: of those who try, one
// succeeds. It gives their new paths.
func takeOrphans(folders []string, p purpose, own identity, held map[string]bool) []string {
	var taken []string
	for _, folder := range folders {
		for _, file := range listFolder(folder) {
			if held[file.path] || len(held)+len(taken) >= mostHeld {
				continue
			}
			if path, ok := take(file, p, own); ok {
				taken = append(taken, path)
			}
		}
	}
	return taken
}

func take(file listedFile, p purpose, own identity) (path string, ok bool) {
	isUntouched := time.Since(file.changedAt) > untouchedFor
	if file.size < emptyBytes {
		if isUntouched {
			_ = os.Remove(file.path)
		}
		return "", false
	}
	owner := firstOwnerOf(file.path)
	if owner == nil || owner.GetTarget() != p.target || owner.GetService() != p.service {
		return "", false
	}
	if !isUntouched && !isLeft(file, owner, own) {
		return "", false
	}
	if !isUntouched && mayHaveSuccessor(file, owner) && !isLeft(file, lastOwnerOf(file.path, owner), own) {
		return "", false
	}
	// Before, so that whoever looks next sees that it has an owner: reading may take its time.
	now := time.Now()
	if os.Chtimes(file.path, now, now) != nil {
		return "", false
	}
	path = filepath.Join(filepath.Dir(file.path), newFileName(file.millis))
	return path, os.Rename(file.path, path) == nil // else somebody was faster, or may not share it
}

// isLeft: no process has it. Being wrong costs a second delivery under one number.
func isLeft(file listedFile, owner *dlqspoolv1.Owner, own identity) bool {
	canCompare := own.bootID != "" && owner.GetHost() == own.host && owner.GetBootId() == own.bootID &&
		owner.GetPidNamespace() == own.pidNamespace
	if !canCompare {
		return false
	}
	// The name is of the one who has it now, the first record of the one who made it.
	start, isRunning := startOf(file.pid)
	if !isRunning {
		return true
	}
	return file.pid == owner.GetPid() && owner.GetProcessStart() != 0 && start != owner.GetProcessStart()
}

// mayHaveSuccessor: a process of the same id runs, and may have adopted the file: its last Owner tells. In a
// container that is started again each process is 1.
func mayHaveSuccessor(file listedFile, owner *dlqspoolv1.Owner) bool {
	_, isRunning := startOf(owner.GetPid())
	return file.pid == owner.GetPid() && isRunning
}

// lastOwnerOf is the one that counts; the first one where it can't be read.
func lastOwnerOf(path string, first *dlqspoolv1.Owner) *dlqspoolv1.Owner {
	last := first
	data, err := os.ReadFile(path)
	if err != nil {
		return first
	}
	records, _ := scan(data, len(header))
	for _, r := range records {
		owner := &dlqspoolv1.Owner{}
		if r.kind == ownerType && proto.Unmarshal(r.body, owner) == nil {
			last = owner
		}
	}
	return last
}

// firstOwnerOf is nil if the file does not begin with one.
func firstOwnerOf(path string) *dlqspoolv1.Owner {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer func() { _ = file.Close() }()
	start := make([]byte, 64<<10) // longer than any Owner that a client writes
	n, _ := file.ReadAt(start, 0)
	start = start[:n]
	if !bytes.HasPrefix(start, []byte(header)) {
		return nil
	}
	body, _ := bodyAt(start, len(header))
	if body == nil || start[len(header)+checkedAt] != ownerType {
		return nil
	}
	owner := &dlqspoolv1.Owner{}
	if proto.Unmarshal(body, owner) != nil {
		return nil
	}
	return owner
}
