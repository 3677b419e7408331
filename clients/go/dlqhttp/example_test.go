package dlqhttp_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/dlq-service/dlq/clients/go/dlqhttp"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
)

func ExampleHandler() {
	service := dlqtest.StartFake() // in production the service, such as at localhost:50051
	defer service.Stop()
	client := service.Client()

	orders := dlqhttp.Handler(client, "orders", func(http.ResponseWriter, *http.Request) error {
		return errors.New("bank.example did not answer")
	})
	answer := httptest.NewRecorder()
	orders.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/orders", strings.NewReader(`{"id": 17}`)))
	fmt.Println(answer.Code, len(service.Messages("orders")))
	// Output: 202 1
}

func ExampleDo() {
	service := dlqtest.StartFake()
	defer service.Stop()
	client := service.Client()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "closed", http.StatusServiceUnavailable)
	}))
	defer shop.Close()

	request, err := http.NewRequest(http.MethodPost, shop.URL, strings.NewReader(`{"id": 17}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	request.Header.Set("Idempotency-Key", "order-17")
	_, err = dlqhttp.Do(http.DefaultClient, client, "webhooks", request)
	fmt.Println(errors.Is(err, dlqhttp.ErrKept), service.Messages("webhooks")[0].GetSourceId())
	// Output: true order-17
}
