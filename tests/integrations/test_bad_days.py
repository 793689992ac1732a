"""Providers on a bad day: about a third of all requests goes wrong, in every way there is.

Whatever is said of a message or receipt must be true of the server's books: `done` is there,
`retry` and `refused` are not. The seed is in the test's name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import Secret
from engine.events.outcome import Outcome
from engine.integrations import komtet, replies, smsc, smspilot
from engine.integrations.http import HttpClient
from engine.integrations.komtet import Receipt
from engine.integrations.provider_settings import KomtetConfig, SmscConfig, SmspilotConfig
from engine.integrations.smsc import SmscMessage
from engine.integrations.smspilot import SmspilotMessage
from engine.integrations.wire import Answer, NoAnswerError, Request
from tests.servers import komtet_server, smsc_server, smspilot_server
from tests.servers.faults import FAILS, ROUGH, TOO_MANY, Chaos, Fault
from tests.servers.http_stand_in import HttpStandIn
from tests.servers.komtet_server import KomtetServer
from tests.servers.smsc_server import SmscServer
from tests.servers.smspilot_server import SmspilotServer

COUNT = 150
PARALLEL = 8
DEADLINE = 0.5
Read = Callable[[Answer], Outcome]


class Office:
    """Sends by one client, PARALLEL at a time; what waits for its turn has no deadline yet."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client
        self._turns = asyncio.Semaphore(PARALLEL)

    async def ask(
        self,
        request: Request,
        read: Read,
        unanswered: Callable[[NoAnswerError], Outcome] = replies.unanswered,
    ) -> Outcome:
        try:
            async with self._turns:
                return read(await self._client.send(request, DEADLINE))
        except NoAnswerError as error:
            return unanswered(error)


def all_of(work: Callable[[Office, int], object]) -> list[object]:
    """What came of COUNT pieces of work, done together."""

    async def run() -> list[object]:
        async with HttpClient(PARALLEL) as client:
            office = Office(client)
            return await asyncio.gather(*(work(office, number) for number in range(COUNT)))

    return asyncio.run(run())


def went_wrong(server: HttpStandIn) -> bool:
    """Whether it was a bad day at all."""
    assert server.chaos is not None
    return server.chaos.drawn.total() > COUNT // 10


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_said_of_a_message_is_true(seed: int) -> None:
    """SMSPilot, each message sent once."""
    settings = SmspilotConfig(key=Secret(smspilot_server.KEY))

    async def one(office: Office, number: int) -> Outcome:
        message = SmspilotMessage(str(79_160_000_000 + number), "text")
        return await office.ask(
            smspilot.send_request(message, settings),
            lambda answer: smspilot.read_answer(answer, settings),
        )

    with SmspilotServer(Chaos(seed)) as server:
        settings = replace(settings, url=server.url)
        outcomes = all_of(one)
        assert went_wrong(server)
        for number, outcome in enumerate(outcomes):
            assert isinstance(outcome, Outcome)
            taken = server.taken[str(79_160_000_000 + number), "text"]
            wanted = {"done": [1], "ambiguous": [0, 1]}.get(outcome.verdict, [0])
            assert taken in wanted, outcome
    found = {outcome.verdict for outcome in outcomes if isinstance(outcome, Outcome)}
    assert found == {"done", "retry", "ambiguous"}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_message_that_can_be_asked_for_is_sent_once(seed: int) -> None:
    """SMSC: after an answer that tells nothing they are asked, and it is sent again if they do not
    know it."""
    settings = SmscConfig(login=smsc_server.LOGIN, password=Secret(smsc_server.PASSWORD))

    async def one(office: Office, number: int) -> str:
        message = SmscMessage(number + 1, str(79_160_000_000 + number), "text")
        outcome = Outcome("retry")
        while outcome.verdict == "retry":
            outcome = await office.ask(
                smsc.send_request(message, settings),
                lambda answer: smsc.read_answer(answer, settings),
            )
            while outcome.verdict == "ambiguous":
                outcome = await office.ask(
                    smsc.status_request(message, settings),
                    lambda answer: smsc.read_status(answer, settings),
                    replies.unasked,
                )
        return outcome.verdict

    with SmscServer(Chaos(seed)) as server:
        settings = replace(settings, url=server.url)
        assert all_of(one) == ["done"] * COUNT
        assert went_wrong(server)
        assert len(server.taken) == server.taken.total() == COUNT


@pytest.mark.parametrize("names_known", [True, False])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_receipt_is_made_once(seed: int, names_known: bool) -> None:
    """Komtet: sent again until it is there."""
    settings = KomtetConfig(
        shop_id=komtet_server.SHOP_ID,
        queue=komtet_server.QUEUE,
        secret=Secret(komtet_server.SECRET),
    )

    async def one(office: Office, number: int) -> str:
        receipt = Receipt(f"b7-{number}", "sell", "Интернет", 50_000 + number, phone="7916")
        while True:
            outcome = await office.ask(
                komtet.send_request(receipt, settings),
                lambda answer: komtet.read_answer(answer, settings),
            )
            if outcome.verdict == "done" or "already" in outcome.detail:
                return outcome.verdict
            assert outcome.verdict in ("retry", "ambiguous")

    with KomtetServer(Chaos(seed)) as server:
        server.names_known = names_known
        settings = replace(settings, url=server.url)
        verdicts = all_of(one)
        assert went_wrong(server)
        assert len(server.made) == COUNT
        assert server.sent.total() > COUNT
    assert set(verdicts) == ({"done"} if names_known else {"done", "ambiguous"})


@given(st.integers(), st.lists(st.binary(), max_size=20), st.randoms())
def test_the_lot_does_not_depend_on_the_order(
    seed: int, contents: list[bytes], chance: object
) -> None:
    def drawn(order: list[bytes]) -> dict[bytes, list[Fault | None]]:
        chaos, found = Chaos(seed), {content: [] for content in order}
        for content in order:
            found[content].append(chaos.draw(content))
        return found

    mixed = list(contents)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert drawn(contents) == drawn(mixed)


def test_the_lot_follows_its_rates_and_has_an_end() -> None:
    chaos = Chaos(7, {TOO_MANY: 0.2, FAILS: 0.1})
    drawn = [chaos.draw(b"%d" % number) for number in range(5_000)]
    assert 900 < drawn.count(TOO_MANY) < 1_100
    assert 400 < drawn.count(FAILS) < 600
    always = Chaos(7, {FAILS: 1.0}, most=3)
    assert [always.draw(b"x") for _ in range(5)] == [FAILS, FAILS, FAILS, None, None]
    assert always.drawn == {FAILS: 3}
    with pytest.raises(ValueError, match="more than 1"):
        Chaos(7, {FAILS: 0.6, TOO_MANY: 0.5})
    assert {fault.way for fault in ROUGH} >= {"status", "html", "empty", "silence", "reset"}
