"""HTTP over real sockets: whatever the server does, one knows whether the request may have gone."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.integrations.http import HttpClient
from engine.integrations.loop import PrivateLoop
from engine.integrations.wire import Answer, NotSent, Request, Unclear
from tests.integrations.exchange import LONG, SHORT, failure, send, send_all
from tests.servers.faults import CLOSES, Fault, Way
from tests.servers.http_stand_in import Heard, HttpStandIn, Reply
from tests.servers.odd_peer import OddPeer, silent

SECRET = "s3cr3t-key"
SLOW: list[Way] = ["silence", "slow", "slow_head"]


def echo(heard: Heard) -> Reply:
    return Reply(heard.body, headers=(("Retry-After", "7"), ("Date", "today")))


def post(server: HttpStandIn, body: bytes = b"hello") -> Request:
    return Request("POST", f"{server.url}/api?key={SECRET}", (("X-Key", SECRET),), body)


def test_an_answer_comes_whole() -> None:
    with HttpStandIn(echo) as server:
        answer = send(post(server, b"a" * 60_000))
        (heard,) = server.heard
    assert answer == Answer(200, b"a" * 60_000, "application/json", "7", "today")
    assert heard.target == f"/api?key={SECRET}"
    assert (heard.headers["x-key"], heard.headers["content-length"]) == (SECRET, "60000")
    assert heard.headers["accept-encoding"] == "identity"


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    def away(_heard: Heard) -> Reply:
        return Reply(status=302, headers=(("Location", "/elsewhere"),))

    with HttpStandIn(away) as server:
        assert send(post(server)).status == 302
        assert len(server.heard) == 1


def test_the_environment_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with HttpStandIn(echo) as server:
        assert send(post(server)).status == 200


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failure(Request("POST", f"http://127.0.0.1:{port}/"))
    assert isinstance(error, NotSent)


def test_nobody_knows_the_name() -> None:
    error = failure(Request("POST", "https://no-such-host.invalid/"))
    assert isinstance(error, NotSent)


def test_a_server_that_takes_no_call_in_time() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        # One call waits to be taken, which is all that the kernel lets wait.
        with socket.create_connection(address):
            error = failure(Request("POST", f"http://127.0.0.1:{address[1]}/", body=b"x"), SHORT)
    assert isinstance(error, NotSent)


@pytest.mark.parametrize("way", [*SLOW, "endless", "endless_head", "reset", "garbage", "cut"])
@pytest.mark.parametrize("taken", [False, True])
def test_a_server_that_fails_after_it_has_read(way: Way, taken: bool) -> None:
    with HttpStandIn(echo) as server:
        server.next(Fault(way, taken))
        error = failure(post(server), SHORT if way in SLOW else LONG)
        assert len(server.heard) == 1
    assert isinstance(error, Unclear)
    assert SECRET not in f"{error!r}{error}"


def test_a_body_of_just_the_size_that_is_allowed() -> None:
    with HttpStandIn(echo) as server:
        assert len(send(post(server, b"a" * 65_536)).body) == 65_536
        assert isinstance(failure(post(server, b"a" * 65_537)), Unclear)


def test_waiting_for_a_connection_counts_and_sends_nothing() -> None:
    async def ask(server: HttpStandIn) -> None:
        async with HttpClient(parallel=1) as client:
            first = asyncio.create_task(client.send(post(server), LONG))
            assert await asyncio.to_thread(server.came.wait, LONG)
            with pytest.raises(NotSent):
                await client.send(post(server), SHORT)
            first.cancel()

    with HttpStandIn(echo) as server:
        server.next(Fault("silence"))
        asyncio.run(ask(server))
        assert len(server.heard) == 1


@pytest.mark.parametrize("after_the_first", [False, True])
@pytest.mark.parametrize("closing", [False, True])
def test_requests_given_up_at_any_step_take_no_connection_with_them(
    after_the_first: bool, closing: bool
) -> None:
    """Each round gives one up a step of the loop later than the last: while it waits for the only
    connection, which with `closing` is always a new one, and when it has it."""

    async def ask(server: HttpStandIn) -> None:
        async with HttpClient(parallel=1) as client:
            for steps in range(100):
                first = asyncio.create_task(client.send(post(server), LONG))
                second = asyncio.create_task(client.send(post(server), LONG))
                if after_the_first:
                    await first
                for _ in range(steps):
                    await asyncio.sleep(0)
                second.cancel()
                assert (await first).status == 200
                await asyncio.wait([second])
            async with asyncio.timeout(LONG):
                while server.alive > 1:
                    await asyncio.sleep(0)

    ends = (("Connection", "close"),) if closing else ()
    with HttpStandIn(lambda _heard: Reply(headers=ends)) as server:
        asyncio.run(ask(server))


def test_a_connection_is_used_again() -> None:
    with HttpStandIn(echo) as server:
        send_all([post(server)] * 20)
        assert (len(server.heard), server.connections) == (20, 1)


@pytest.mark.parametrize("way", ["slow", "reset", "endless"])
def test_the_next_request_gets_its_own_answer(way: Way) -> None:
    async def ask(server: HttpStandIn) -> Answer:
        async with HttpClient(parallel=1) as client:
            with pytest.raises(Unclear):
                await client.send(post(server, b"first"), SHORT)
            return await client.send(post(server, b"second"), LONG)

    with HttpStandIn(echo) as server:
        server.next(Fault(way, taken=True))
        assert asyncio.run(ask(server)).body == b"second"


def test_a_connection_that_the_server_has_closed_is_not_used() -> None:
    async def ask(server: HttpStandIn) -> list[int]:
        async with HttpClient(parallel=1) as client:
            statuses = []
            for _ in range(10):
                statuses.append((await client.send(post(server), LONG)).status)
                server.hang_up()
            return statuses

    with HttpStandIn(echo) as server:
        assert asyncio.run(ask(server)) == [200] * 10
        assert (len(server.heard), server.connections) == (10, 10)


def test_a_server_that_closes_without_a_word_has_answered() -> None:
    with HttpStandIn(echo) as server:
        server.next(CLOSES)
        assert send(post(server)).body == b"hello"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/api",
        "http://10.0.0.1/api",
        "http://localhost.example.com/",
        "http://127.0.0.1.example.com/",
        "ftp://127.0.0.1/",
        "//127.0.0.1/",
        "https://",
        "https://[::1",
        "http://127.0.0.1:port/",
        f"https://user:{SECRET}@example.com/",
        "",
    ],
)
def test_urls_that_are_not_used(url: str) -> None:
    with pytest.raises(ConfigError, match="nothing was sent") as caught:
        send(Request("POST", url))
    assert SECRET not in caught.value.message


def test_nothing_shows_its_content() -> None:
    request = Request("POST", f"https://example.com/x?psw={SECRET}", (), SECRET.encode())
    assert repr(request) == f"Request(POST https://example.com, {len(SECRET)} bytes)"
    assert SECRET not in repr(Answer(200, SECRET.encode(), retry_after=SECRET))


def test_no_url_goes_into_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with HttpStandIn(echo) as server:
        send(post(server))
        server.next(Fault("reset"))
        failure(post(server))
    assert SECRET not in caplog.text
    assert "127.0.0.1" not in caplog.text


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine, signed by itself, with its key in one file."""
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", file, "-out", f"{file}.crt", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_bytes(file.read_bytes() + Path(f"{file}.crt").read_bytes())
    return file


def serving(certificate: Path) -> HttpStandIn:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return HttpStandIn(echo, tls=context)


def test_a_certificate_that_nobody_has_signed_is_refused(certificate: Path) -> None:
    with serving(certificate) as server:
        error = failure(Request("POST", f"https://localhost:{server.port}/", body=b"x"))
        assert server.heard == []
    assert isinstance(error, NotSent)
    assert "certificate is not trusted" in str(error)


def test_a_certificate_of_another_host_is_refused(certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=certificate)
    with serving(certificate) as server:
        answer = send(Request("POST", f"https://localhost:{server.port}/", body=b"x"), tls=trusting)
        assert answer.body == b"x"
        with pytest.raises(NotSent, match="certificate is not trusted"):
            send(Request("POST", f"{server.url}/", body=b"x"), tls=trusting)
        assert len(server.heard) == 1


def test_a_handshake_that_never_ends() -> None:
    with OddPeer(silent) as peer:
        error = failure(Request("POST", f"https://127.0.0.1:{peer.port}/", body=b"x"), SHORT)
    assert isinstance(error, NotSent)


def test_from_a_thread_without_a_loop() -> None:
    async def ask(server: HttpStandIn) -> Answer:
        async with HttpClient(parallel=2) as client:
            return await client.send(post(server), LONG)

    with HttpStandIn(echo) as server, PrivateLoop("test") as loop:
        assert loop.run(ask(server)).body == b"hello"
        server.next(Fault("silence"))
        server.came.clear()
        waiting = loop.submit(ask(server))
        assert server.came.wait(LONG)
    assert waiting.cancelled()
