"""Calls of the provider: theirs or not, twice, early, late, against what was said before."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import DatabaseConfig, Secret
from engine.database import Database, open_database
from engine.errors import ConfigError, InputError, NeedsConfirmation
from engine.events.by_hand import Hand, cancel
from engine.events.plan import Moment
from engine.events.receipt_call import MOST_BYTES, Call, CallAnswer, take_call
from engine.events.receipts import Books
from engine.events.setup import rules_of
from engine.hooks import WorkHooks
from engine.integrations.komtet import read_callback, signature, verify_callback
from engine.retry import run_unit
from tests.events.books import BILLING
from tests.events.receipt_office import CALLBACK, Office, open_office
from tests.servers.faults import RESETS_AFTER
from tests.servers.komtet_server import KomtetServer


@pytest.fixture
def server() -> Iterator[KomtetServer]:
    with KomtetServer() as running:
        running.polls = 0
        yield running


@pytest.fixture
def office(database_config: DatabaseConfig, server: KomtetServer) -> Iterator[Office]:
    opened = open_office(database_config, server)
    yield opened
    opened.database.close()


def take(office: Office, call: Call, database: Database | None = None) -> CallAnswer:
    moment = Moment(office.clock.now_ms(), BILLING.timezone, BILLING.currency)
    books = Books(rules_of(office.config), office.config.komtet, moment)
    return take_call(database or office.database, call, books, 5)


def call_of(office: Office, server: KomtetServer, action: int) -> Call:
    """The call that tells how a receipt is."""
    body, signed = server.callback(office.key(action), CALLBACK)
    return Call("POST", CALLBACK, signed, body)


def signed_call(server: KomtetServer, content: Any) -> Call:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Call("POST", CALLBACK, signature(server.secret, "POST", CALLBACK, body), body)


def everything(database: Database) -> list[Any]:
    tables = ("receipt", "action", "channel", "attempt", "audit")
    return [database.rows(f"SELECT * FROM {table}") for table in tables]


def test_a_call_tells_it_at_once_and_a_replay_nothing(office: Office, server: KomtetServer) -> None:
    (action,) = office.pay(500_05)
    call = call_of(office, server, action)
    assert take(office, call) == CallAnswer(action, "done", "kept")
    assert office.receipts("r.state, r.asked, r.next_at") == [("done", 0, None)]
    assert office.receipts("link")[0].startswith(f"{server.url}/receipts?id=1000&")
    assert office.links() == [("smspilot", "waiting", 1)]
    seen = everything(office.database)
    assert take(office, call) == CallAnswer(action, "done", "known")
    assert office.ask(seconds=3_600) == {}
    assert everything(office.database) == seen


def test_a_call_about_an_error(office: Office, server: KomtetServer) -> None:
    (action,) = office.pay(500_05)
    server.fails[office.key(action)] = "no paper"
    call = call_of(office, server, action)
    assert take(office, call).effect == "kept"
    assert take(office, call).effect == "known"
    assert office.receipts("r.state, a.state, a.reason") == [
        ("error", "dead", "no receipt was made: no paper")
    ]
    assert office.links() == []


def test_a_call_that_it_is_not_over_changes_nothing(
    office: Office, server: KomtetServer
) -> None:  # fmt: skip
    server.polls = 1
    (action,) = office.pay(500_05)
    seen = everything(office.database)
    assert take(office, call_of(office, server, action)).effect == "known"
    assert everything(office.database) == seen


def test_what_is_not_theirs_changes_nothing(office: Office, server: KomtetServer) -> None:
    (action,) = office.pay(500_05)
    good = call_of(office, server, action)
    seen = everything(office.database)
    for wrong in (
        Call("GET", good.url, good.signature, good.body),
        Call("POST", f"{good.url}/", good.signature, good.body),
        Call("POST", good.url, good.signature, good.body.replace(b"1000", b"1001")),
        Call("POST", good.url, "", good.body),
        Call("POST", good.url, "\x1b[2J", good.body),
    ):
        with pytest.raises(NeedsConfirmation) as refused:
            take(office, wrong)
        assert "No receipt was changed" in refused.value.message
        assert "\x1b" not in refused.value.message
        assert server.secret not in refused.value.message
    assert everything(office.database) == seen


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"null", b"{", b"\xff\xfe", {"id": 1}, {"id": 1, "state": "done"},
        {"id": 1, "external_id": "of-another-shop", "state": "done"},
        {"id": [1], "external_id": "x", "state": "done"}, b"x" * (MOST_BYTES + 1),
        b'{"id":' + b"[" * 60_000,
    ],
    ids=lambda content: str(content)[:30],
)  # fmt: skip
def test_what_makes_no_sense_changes_nothing(
    office: Office, server: KomtetServer, content: Any
) -> None:
    office.pay(500_05)
    seen = everything(office.database)
    with pytest.raises(InputError):
        take(office, signed_call(server, content))
    assert everything(office.database) == seen


def test_without_a_secret_nothing_is_believed(office: Office, server: KomtetServer) -> None:
    (action,) = office.pay(500_05)
    office.komtet(secret=None)
    with pytest.raises(ConfigError):
        take(office, call_of(office, server, action))


def test_an_error_after_it_was_done_is_for_a_person(
    office: Office, server: KomtetServer
) -> None:  # fmt: skip
    (action,) = office.pay(500_05)
    take(office, call_of(office, server, action))
    server.fails[office.key(action)] = "no paper"
    call = call_of(office, server, action)
    assert take(office, call).effect == "contradicted"
    ((state, action_state, detail, link, reason),) = office.receipts(
        "r.state, a.state, r.detail, r.link, a.reason"
    )
    assert (state, action_state, link != "") == ("done", "dead", True)
    assert detail.startswith("later told as an error: no paper; drive 9999078900001234")
    assert reason == "the receipt was made, but later told as an error: no paper"
    # Once a person has seen to it, a replay does not bring it back.
    with office.database.transaction():
        office.database.execute("UPDATE action SET state = 'done' WHERE id = ?", (action,))
    assert take(office, call).effect == "known"
    assert office.receipts("a.state") == ["done"]
    assert len(office.links()) == 1


@pytest.mark.parametrize(
    ("seen_to", "after", "effect", "links"),
    [("dead", "done", "kept", 1), ("cancelled", "dead", "contradicted", 0),
     ("done", "dead", "contradicted", 0)],
)  # fmt: skip
def test_done_after_an_error(
    office: Office, server: KomtetServer, seen_to: str, after: str, effect: str, links: int
) -> None:
    (action,) = office.pay(500_05)
    server.fails[office.key(action)] = "no paper"
    office.ask()
    with office.database.transaction():
        office.database.execute("UPDATE action SET state = ? WHERE id = ?", (seen_to, action))
    server.fails.clear()
    call = call_of(office, server, action)
    assert take(office, call).effect == effect
    assert office.receipts("r.state, a.state, r.link <> ''") == [("done", after, 1)]
    assert take(office, call).effect == "known"
    assert len(office.links()) == links


def test_a_call_about_what_is_being_sent_is_left_to_the_delivery(
    office: Office, server: KomtetServer
) -> None:
    server.next(RESETS_AFTER)
    office.pay(500_05)
    (action,) = [n for (n,) in office.database.rows("SELECT id FROM action WHERE kind = 'receipt'")]
    with office.database.transaction():
        office.database.execute("UPDATE action SET state = 'sending' WHERE id = ?", (action,))
    assert take(office, call_of(office, server, action)).effect == "sending"
    assert office.receipts() == []


@pytest.mark.parametrize("state", ["retrying", "dead"])
def test_a_call_about_one_whose_answer_was_lost_says_that_it_was_taken(
    office: Office, server: KomtetServer, state: str
) -> None:
    server.next(RESETS_AFTER)
    office.pay(500_05)
    ((action, found),) = office.database.rows("SELECT id, state FROM action WHERE kind = 'receipt'")
    assert (found, office.receipts()) == ("retrying", [])
    with office.database.transaction():
        office.database.execute("UPDATE action SET state = ? WHERE id = ?", (state, action))
    assert take(office, call_of(office, server, action)).effect == "kept"
    assert office.receipts("r.state, a.state, r.task") == [("done", "done", "1000")]
    office.clock.advance(3_600_000)
    office.deliver()
    assert server.sent[office.key(action)] == 1
    assert len(office.links()) == 1


def test_a_receipt_that_was_called_off_and_made_all_the_same_is_seen(
    office: Office, server: KomtetServer
) -> None:
    """By a person, or made again since: then there are two."""
    server.next(RESETS_AFTER)
    office.pay(500_05)
    action = office.database.integer("SELECT id FROM action WHERE kind = 'receipt'")
    cancel(office.database, [action], "", Hand("anna", office.clock.now_ms()))
    call = call_of(office, server, action)
    assert take(office, call).effect == "contradicted"
    assert office.receipts("r.state, a.state, a.reason") == [
        ("done", "dead", "made after all, although this was cancelled: are there two now?")
    ]
    assert take(office, call).effect == "known"
    assert office.links() == []


def test_calls_and_questions_at_once_tell_one_link(
    office: Office, server: KomtetServer, database_config: DatabaseConfig
) -> None:
    actions = office.pay(*range(100_00, 112_00, 1_00))
    calls = [call_of(office, server, action) for action in actions]
    failures: list[BaseException] = []

    def tell(part: list[Call]) -> None:
        database = open_database(database_config)
        try:
            for call in part:
                take(office, call, database)
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            failures.append(error)
        finally:
            database.close()

    office.clock.advance(5_000)
    threads = [threading.Thread(target=tell, args=(calls,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    other = open_database(database_config)
    asking = Office(other, office.config)
    asking.clock = office.clock
    asking.ask(seconds=0, hooks=WorkHooks(unit=lambda work: run_unit(other, work, 20)))
    for thread in threads:
        thread.join()
    other.close()
    assert failures == []
    assert office.receipts() == ["done"] * 12
    events = office.links("event_id")
    assert len(events) == len(set(events)) == 12


@given(
    st.text(min_size=1, max_size=20),
    st.sampled_from(["POST", "PUT", "GET"]),
    st.text(max_size=60),
    st.binary(max_size=200),
    st.data(),
)
def test_no_other_call_has_the_same_signature(
    secret: str, method: str, url: str, body: bytes, data: st.DataObject
) -> None:
    """Of all that can be changed about a call nothing goes unseen."""
    given_to = Secret(secret)
    good = signature(secret, method, url, body)
    assert verify_callback(given_to, method, url, body, good)
    place = data.draw(st.integers(0, len(good) - 1))
    digit = data.draw(st.sampled_from([one for one in "0123456789abcdef" if one != good[place]]))
    assert not verify_callback(
        given_to, method, url, body, good[:place] + digit + good[place + 1 :]
    )
    assert not verify_callback(given_to, method, url, body + b"\0", good)
    assert not verify_callback(given_to, method, f"{url}x", body, good)
    assert not verify_callback(Secret(secret + "x"), method, url, body, good)
    if body:
        at = data.draw(st.integers(0, len(body) - 1))
        other = bytes([body[at] ^ data.draw(st.integers(1, 255))])
        assert not verify_callback(given_to, method, url, body[:at] + other + body[at + 1 :], good)
    assert not verify_callback(given_to, method, url, body, data.draw(st.text(max_size=31)))


@given(st.binary(max_size=300))
def test_any_body_is_taken_or_refused_in_words(body: bytes) -> None:
    words = ""
    try:
        words = read_callback(body).external_id
    except InputError as error:
        words = error.message
    assert words
