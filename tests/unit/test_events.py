"""The bus: who subscribed hears what happens, in order, and nobody who listens can break what is told."""

from __future__ import annotations

import dataclasses
import logging
import threading
from dataclasses import dataclass

import pytest

from djnb import events
from djnb.events import Bus, Event, RowsDeleted, RowsInserted


@pytest.fixture
def bus():
    return Bus()


@pytest.fixture
def heard():
    """What a subscriber was told."""
    return []


INSERTED = RowsInserted("`lab`.`mouse`", 2)
DELETED = RowsDeleted("`lab`.`mouse`", 1)


class TestSubscribe:
    def test_subscriber_hears_every_event_in_order(self, bus, heard):
        """Without a kind, everything that happens is heard, as it happens."""
        bus.subscribe(heard.append)

        bus.emit(INSERTED)
        bus.emit(DELETED)

        assert [INSERTED, DELETED] == heard

    def test_subscriber_hears_only_the_kinds_it_named(self, bus, heard):
        """Who wants deletions hears of deletions."""
        bus.subscribe(heard.append, RowsDeleted)

        bus.emit(INSERTED)
        bus.emit(DELETED)

        assert [DELETED] == heard

    def test_kind_stands_for_its_subclasses(self, bus, heard):
        """An event of a more special kind is heard by those who named the general one."""

        @dataclass(frozen=True)
        class ManyRowsDeleted(RowsDeleted):
            pass

        bus.subscribe(heard.append, RowsDeleted)

        bus.emit(ManyRowsDeleted("`lab`.`mouse`", 10_000))

        assert [ManyRowsDeleted("`lab`.`mouse`", 10_000)] == heard

    def test_subscribers_are_told_in_the_order_in_which_they_came(self, bus, heard):
        """The first to subscribe is the first to know."""
        bus.subscribe(lambda event: heard.append("first"))
        bus.subscribe(lambda event: heard.append("second"))

        bus.emit(INSERTED)

        assert ["first", "second"] == heard

    def test_event_is_heard_in_the_thread_that_emits_it(self, bus, heard):
        """A subscriber that paints must know that it runs in the thread of the work."""
        bus.subscribe(lambda event: heard.append(threading.current_thread()))

        worker = threading.Thread(target=bus.emit, args=(INSERTED,))
        worker.start()
        worker.join()

        assert [worker] == heard


class TestUnsubscribe:
    def test_who_has_left_hears_nothing(self, bus, heard):
        """The function that `subscribe` returns ends the subscription; calling it again does no harm."""
        unsubscribe = bus.subscribe(heard.append)

        unsubscribe()
        unsubscribe()
        bus.emit(INSERTED)

        assert [] == heard

    def test_same_function_subscribed_twice_leaves_once_at_a_time(self, bus, heard):
        """Two subscriptions of one function are two."""
        unsubscribe = bus.subscribe(heard.append)
        bus.subscribe(heard.append)

        unsubscribe()
        bus.emit(INSERTED)

        assert [INSERTED] == heard

    def test_subscription_ends_with_its_block(self, bus, heard):
        """`with bus.subscribed(...)` ends however the block ends."""

        def work():
            with bus.subscribed(heard.append, RowsInserted):
                bus.emit(INSERTED)
                1 / 0

        with pytest.raises(ZeroDivisionError):
            work()
        bus.emit(INSERTED)

        assert [INSERTED] == heard

    def test_subscriber_may_leave_while_it_is_told(self, bus, heard):
        """Leaving at the first event is how one waits for one event; others are told all the same."""

        def once(event):
            unsubscribe()
            heard.append("once")

        unsubscribe = bus.subscribe(once)
        bus.subscribe(lambda event: heard.append("always"))

        bus.emit(INSERTED)
        bus.emit(INSERTED)

        assert ["once", "always", "always"] == heard


class TestSubscriberThatRaises:
    def test_it_is_logged_and_the_others_are_told(self, bus, heard, caplog):
        """A broken progress bar ends no computation, and the log says what broke."""
        bus.subscribe(lambda event: 1 / 0)
        bus.subscribe(heard.append)

        bus.emit(INSERTED)

        assert [INSERTED] == heard
        assert [("djnb.events", logging.ERROR, "A subscriber of RowsInserted failed")] == caplog.record_tuples
        assert ZeroDivisionError is caplog.records[0].exc_info[0]

    def test_interrupt_is_passed_on(self, bus):
        """Ctrl-C that arrives while a subscriber runs is still Ctrl-C."""

        def interrupt(event):
            raise KeyboardInterrupt

        bus.subscribe(interrupt)

        with pytest.raises(KeyboardInterrupt):
            bus.emit(INSERTED)


class TestWants:
    def test_nobody_listens(self, bus):
        """An event that nobody wants need not be made."""
        assert not bus.wants(RowsInserted)

    def test_only_the_kinds_that_somebody_named_are_wanted(self, bus):
        """A subscriber of deletions makes insertions no more wanted."""
        bus.subscribe(lambda event: None, RowsDeleted)

        assert (True, False) == (bus.wants(RowsDeleted), bus.wants(RowsInserted))

    def test_subscriber_of_everything_wants_everything(self, bus):
        """Without a kind, every kind is wanted."""
        bus.subscribe(lambda event: None)

        assert bus.wants(RowsInserted)


class TestEvents:
    def test_every_event_is_frozen(self):
        """An event is a fact: a subscriber cannot change it for the next one."""
        kinds = [kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, Event)]

        assert [] == [kind.__name__ for kind in kinds if not kind.__dataclass_params__.frozen]
        with pytest.raises(dataclasses.FrozenInstanceError):
            INSERTED.count = 3


class TestThreads:
    def test_subscribing_and_emitting_at_once_loses_nothing(self, bus, heard):
        """Threads come and go while others tell; every subscription ends up where it was asked for."""
        start = threading.Barrier(4)

        def come_and_go():
            start.wait()
            for _ in range(200):
                bus.subscribe(lambda event: None)()

        def tell():
            start.wait()
            for _ in range(200):
                bus.emit(INSERTED)

        bus.subscribe(heard.append)
        workers = [threading.Thread(target=work) for work in (come_and_go, come_and_go, tell, tell)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        assert [INSERTED] * 400 == heard
        assert 1 == len(bus._subscribers)
