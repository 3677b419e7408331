"""`dead_letter` on methods: the message is the argument after `self` or `cls`."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import dlq
from dlq.testing import FakeServer


@pytest.fixture
def client(fake: FakeServer) -> Iterator[dlq.Client]:
    with dlq.Client(fake.target, spool=False) as found:
        yield found


def timed(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def called(*args: Any) -> Any:
        return function(*args)

    return called


def fail(*_: object, **__: object) -> None:
    raise ValueError("no card")


def shop_of(client: dlq.Client) -> type:
    """Returns a class with a method of each kind."""
    keep: Any = client.dead_letter("orders")

    class Shop:
        @keep
        def method(self, order: object) -> None:
            fail()

        @keep
        async def coroutine(self, order: object) -> None:
            fail()

        @classmethod
        @keep
        def class_method(cls, order: object) -> None:
            fail()

        @keep
        @classmethod
        def outside_of_class_method(cls, order: object) -> None:
            fail()

        @staticmethod
        @keep
        def static(order: object) -> None:
            fail()

        @keep
        @staticmethod
        def outside_of_static(order: object) -> None:
            fail()

        @timed
        @keep
        @timed
        def between_others(self, order: object) -> None:
            fail()

        @keep
        def __private(self, order: object) -> None:
            fail()

        def calls_private(self, order: object) -> None:
            self.__private(order)

        alias = method

    class Subclass(Shop):
        def method(self, order: object) -> None:
            super().method(order)

    return Subclass


NAMES = (
    *("method", "class_method", "outside_of_class_method", "static", "outside_of_static"),
    *("between_others", "calls_private", "alias"),
)


@pytest.mark.parametrize("name", NAMES)
def test_the_message_is_the_argument_after_self(
    fake: FakeServer, client: dlq.Client, name: str
) -> None:
    getattr(shop_of(client)(), name)({"id": 1})
    assert [one.payload.json() for one in fake.messages("orders")] == [{"id": 1}]


@pytest.mark.parametrize("name", ["class_method", "outside_of_class_method", "static"])
def test_a_method_of_the_class_is_called_on_it(
    fake: FakeServer, client: dlq.Client, name: str
) -> None:
    getattr(shop_of(client), name)({"id": 1})
    assert [one.payload.json() for one in fake.messages("orders")] == [{"id": 1}]


def test_a_coroutine_method(fake: FakeServer, client: dlq.Client) -> None:
    shop = shop_of(client)()
    assert asyncio.iscoroutinefunction(shop.coroutine)
    asyncio.run(shop.coroutine({"id": 1}))
    assert [one.payload.json() for one in fake.messages("orders")] == [{"id": 1}]


def test_payload_and_options_get_all_arguments(fake: FakeServer, client: dlq.Client) -> None:
    class Shop:
        name = "books"

        @client.dead_letter(
            "orders",
            payload=lambda self, order: {"order": order},
            send=lambda self, order: {"attributes": {"shop": self.name}},
        )
        def charge(self, order: str) -> None:
            fail()

    Shop().charge("o-1")
    [message] = fake.messages("orders")
    assert message.payload.json() == {"order": "o-1"}
    assert dict(message.request.attributes) == {"shop": "books"}


def test_an_object_is_the_message_of_a_function_that_is_no_method(
    fake: FakeServer, client: dlq.Client
) -> None:
    class Order(dict[str, int]):
        def charge(self) -> None: ...

    @client.dead_letter("orders")
    def charge(order: Order) -> None:
        fail()

    charge(Order(id=1))
    assert [one.payload.json() for one in fake.messages("orders")] == [{"id": 1}]


def test_an_object_whose_call_is_async(fake: FakeServer, client: dlq.Client) -> None:
    class Charge:
        async def __call__(self, order: object) -> None:
            fail()

    asyncio.run(client.dead_letter("orders")(Charge())({"id": 1}))
    assert [one.payload.json() for one in fake.messages("orders")] == [{"id": 1}]
