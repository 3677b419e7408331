package dlq

import (
	"sync"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"github.com/dlq-service/dlq/clients/go/internal/spool"
)

const (
	defaultSpoolBytes = 256 * mib
	maxWriteBytes     = 4 * mib
	// maxUnwrittenBytes bounds what waits for a slow disk.
	maxUnwrittenBytes = 64 * mib
)

// spoolWriter writes requests to the spool. Requests that arrive during a write share the next one.
type spoolWriter struct {
	store *spool.Store
	// written has room for one signal, which is sent after each write.
	written chan struct{}

	mu          sync.Mutex
	queue       []unwritten
	queuedBytes int
	isWriting   bool
	writers     sync.WaitGroup
}

type unwritten struct {
	request *dlqv1.SendToDlqRequest
	size    int
	result  chan spool.Result
}

func newSpoolWriter(store *spool.Store) *spoolWriter {
	return &spoolWriter{store: store, written: make(chan struct{}, 1)}
}

// write stores a request and returns its result. The goroutine that writes does not log: a log handler may send.
func (w *spoolWriter) write(request *dlqv1.SendToDlqRequest, size int) spool.Result {
	one := unwritten{request, size, make(chan spool.Result, 1)}
	w.mu.Lock()
	if size > maxUnwrittenBytes { // no record can be that large
		w.mu.Unlock()
		return spool.TooLarge
	}
	if w.queuedBytes+size > maxUnwrittenBytes {
		w.mu.Unlock()
		return spool.NoRoom
	}
	w.queue = append(w.queue, one)
	w.queuedBytes += size
	if !w.isWriting {
		w.isWriting = true
		w.writers.Add(1)
		go w.writeQueue()
	}
	w.mu.Unlock()
	result := <-one.result
	w.store.LogWarning()
	return result
}

func (w *spoolWriter) waitUntilWritten() { w.writers.Wait() }

func (w *spoolWriter) writeQueue() {
	defer w.writers.Done()
	for {
		batch := w.take()
		if len(batch) == 0 {
			return
		}
		requests := make([]*dlqv1.SendToDlqRequest, len(batch))
		for i, one := range batch {
			requests[i] = one.request
		}
		for i, result := range w.store.Append(requests) {
			batch[i].result <- result
		}
		signal(w.written)
	}
}

func (w *spoolWriter) take() []unwritten {
	w.mu.Lock()
	defer w.mu.Unlock()
	count, bytes := 0, 0
	for _, one := range w.queue {
		if count > 0 && bytes+one.size > maxWriteBytes {
			break
		}
		bytes += one.size
		count++
	}
	batch := w.queue[:count:count]
	w.queue = w.queue[count:]
	w.queuedBytes -= bytes
	w.isWriting = count > 0
	return batch
}
