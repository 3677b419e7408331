// Package dlqtest helps to test code that uses package dlq: a service in the process ([NewFake]), and the real
// one by one call ([StartServer]).
package dlqtest
