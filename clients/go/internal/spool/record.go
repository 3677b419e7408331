// Package spool stores messages in files until the service accepts them. All clients share the format
// (clients/SPOOL.md).
package spool

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

const (
	header = "DLQ-SPOOL 1\n"
	magic  = "\x89DLQ"

	ownerType   byte = 1
	messageType byte = 2
	doneType    byte = 3

	// Offsets in a record. The checksum covers type, length and body.
	checkedAt = 4
	crcAt     = checkedAt + 5 // type and length
	headBytes = crcAt + 4

	maxBodyBytes = 8 << 20
)

// appendRecord appends a record with this body.
func appendRecord(to []byte, recordType byte, body []byte) []byte {
	start := len(to)
	to = append(to, magic...)
	to = append(to, recordType)
	to = binary.BigEndian.AppendUint32(to, uint32(len(body))) //nolint:gosec // within maxBodyBytes
	to = binary.BigEndian.AppendUint32(to, checksum(to[start+checkedAt:start+crcAt], body))
	return append(to, body...)
}

func checksum(typeAndLength, body []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE(typeAndLength), crc32.IEEETable, body)
}

// record is a record of a file and its offset.
type record struct {
	offset     int
	recordType byte
	body       []byte
}

func (r record) size() int { return headBytes + len(r.body) }

// scan returns the valid records from an offset on. It skips damaged bytes and returns how many there were,
// without a record that is cut off at the end: that one was never reported as spooled.
func scan(data []byte, from int) (found []record, skipped int) {
	cutOffAt := -1
	for at := from; at < len(data); {
		body, isCutOff := bodyAt(data, at)
		if body != nil {
			next := record{at, data[at+checkedAt], body}
			found = append(found, next)
			at += next.size()
			cutOffAt = -1
			continue
		}
		if isCutOff && cutOffAt < 0 {
			cutOffAt = at
		}
		next := bytes.Index(data[at+1:], []byte(magic))
		if next < 0 {
			next = len(data) - at - 1
		}
		skipped += next + 1
		at += next + 1
	}
	if cutOffAt >= 0 {
		skipped -= len(data) - cutOffAt
	}
	return found, skipped
}

// bodyAt returns the body of the record at an offset. It is nil if no valid record begins there; isCutOff
// reports whether the end of data is the reason.
func bodyAt(data []byte, at int) (body []byte, isCutOff bool) {
	rest := data[at:]
	if !bytes.HasPrefix(rest, []byte(magic)[:min(len(magic), len(rest))]) {
		return nil, false
	}
	if len(rest) < headBytes {
		return nil, true
	}
	length := int64(binary.BigEndian.Uint32(rest[checkedAt+1:]))
	if length > maxBodyBytes {
		return nil, false
	}
	if int64(len(rest)) < headBytes+length {
		return nil, true
	}
	body = rest[headBytes : headBytes+length : headBytes+length]
	if binary.BigEndian.Uint32(rest[crcAt:]) != checksum(rest[checkedAt:crcAt], body) {
		return nil, false
	}
	return body, false
}
