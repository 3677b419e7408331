// Package dlqtest helps to test code that uses package dlq. [NewFake] starts a fake service in the process, and
// [StartServer] the real server.
package dlqtest
