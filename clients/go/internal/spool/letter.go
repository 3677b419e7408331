package spool

import "github.com/dlq-service/dlq/clients/go/dlqv1"

// Placed says where a letter went.
type Placed int

// A letter is on the disk, in memory only, or nowhere: there was no room for it, it is longer than a record
// can be, or no message can hold it.
const (
	OnDisk Placed = iota
	InMemory
	Full
	TooLong
	Unwritable
)

// Letter is one that waits; its request is nil if it can no longer be read.
type Letter struct {
	Position int64
	Request  *dlqv1.SendToDlqRequest
}

// Store is a file of letters, or those in memory.
type Store interface {
	read(after int64, mostLetters, mostBytes int) ([]Letter, error)
}

// Settings of a [Shelf].
type Settings struct {
	Target, Service string
	Folder          string
	MaxBytes        int64
	Sync            bool
	// Tell says something that an operator should know.
	Tell func(words string, about ...any)
}
