"""`billdeck nas`: the NAS, their host keys, dropping sessions by hand; all on real SSH servers."""

from __future__ import annotations

import io
import json
import stat
from pathlib import Path
from typing import Any

import peewee
import pytest

from cli.main import build_parser, report
from cli.output import Output
from cli.session import Session
from engine.database import Database
from engine.errors import ConfigError, NeedsConfirmation
from engine.integrations import known_hosts
from engine.nas import trust as trusting
from jobs.registry import read_config
from tests.cli.conftest import NOW, Shell
from tests.nas.conftest import host_key
from tests.nas.names import HOSTILE
from tests.servers import odd_peer
from tests.servers.odd_peer import OddPeer
from tests.servers.sshd import RouterOSServer


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def section(server: RouterOSServer, nas: int, name: str = "") -> str:
    """The section of a router."""
    key = server.own_key
    return (
        f"[nas {name or f'gw{nas}'}]\nhost = {server.host(nas)}\nport = {server.port}\n"
        f"user = {server.user}\nkey_file = {key}\n"
    )


@pytest.fixture
def two(shell: Shell, routeros_server: RouterOSServer) -> Shell:
    """A shell whose configuration has gw1 and gw2, not trusted yet."""
    shell.configure(section(routeros_server, 1) + section(routeros_server, 2))
    return shell


@pytest.fixture
def pinned(two: Shell, routeros_server: RouterOSServer) -> Shell:
    """The same, trusted."""
    with known_hosts.changing(known_hosts_of(two)) as pins:
        for nas in read_config(two.config_file).nas:
            pins[nas.address] = (host_key(routeros_server),)
    return two


def known_hosts_of(shell: Shell) -> Path:
    return read_config(shell.config_file).routeros.known_hosts


def typed(shell: Shell, text: str, *words: str) -> tuple[int, str, str]:
    """A command at a terminal where somebody types: exit status, stdout, stderr."""
    args = build_parser("nas", words).parse_args(words)
    out = Output(stdout=io.StringIO(), stderr=io.StringIO())
    session = Session(out, shell.config_file, shell.clock, Terminal(text))
    try:
        status = args.handler(args, session)
    except Exception as error:  # noqa: BLE001 - reported as the entry point does
        status = report(error, out)
    finally:
        session.close()
    return status, out.stdout.getvalue(), out.stderr.getvalue()  # type: ignore[attr-defined]


def audit(books: Database) -> list[tuple[Any, ...]]:
    rows = books.rows(
        "SELECT action, object, state_before, state_after FROM audit WHERE action LIKE 'nas%'"
        " ORDER BY id"
    )
    return [
        (action, about, *(one and json.loads(one) for one in states))
        for action, about, *states in rows
    ]


def test_trust_pins_what_was_shown_and_confirmed(
    two: Shell, routeros_server: RouterOSServer, books: Database
) -> None:
    logins = routeros_server.logins()
    status, out, err = typed(two, "gw1\n", "nas", "trust", "gw1")
    key = host_key(routeros_server)
    assert status == 0
    assert "type         ssh-ed25519" in err
    assert f"fingerprint  {key.fingerprint}" in err
    assert "To go on type gw1:" in err
    assert out == f"Pinned for NAS gw1: ssh-ed25519 {key.fingerprint}\n"
    path = known_hosts_of(two)
    assert known_hosts.read(path) == {f"[127.0.0.1]:{routeros_server.port}": (key,)}
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    state = [{"type": "ssh-ed25519", "fingerprint": key.fingerprint}]
    assert audit(books) == [("nas-trust", "nas:gw1", None, state)]
    # Nobody was logged in for it.
    assert routeros_server.logins() == logins


@pytest.mark.parametrize("word", ["", "yes\n", "GW1\n"])
def test_another_word_pins_nothing(two: Shell, books: Database, word: str) -> None:
    status, _, err = typed(two, word, "nas", "trust", "gw1")
    assert (status, "Nothing was pinned" in err) == (4, True)
    assert not known_hosts_of(two).exists()
    assert audit(books) == []


def test_without_a_terminal_the_key_is_shown_and_not_pinned(
    two: Shell, routeros_server: RouterOSServer
) -> None:
    answer = two("nas", "trust", "gw1")
    assert answer.status == 4
    assert host_key(routeros_server).fingerprint in answer.err
    assert "Nothing was pinned" in answer.err
    assert not known_hosts_of(two).exists()


def test_what_is_pinned_already_needs_no_word(pinned: Shell, books: Database) -> None:
    answer = pinned("--json", "nas", "trust", "gw1")
    assert (answer.status, answer.json["state"]) == (0, "same")
    assert audit(books) == []


def test_a_changed_key_is_refused_loudly_until_it_is_replaced(
    two: Shell, routeros_server: RouterOSServer, books: Database
) -> None:
    with RouterOSServer() as other:
        before = host_key(other)
    now = host_key(routeros_server)
    with known_hosts.changing(known_hosts_of(two)) as pins:
        pins[f"[127.0.0.1]:{routeros_server.port}"] = (before,)
    routeros_server.sessions(1, ["ivan"])

    refused = typed(two, "gw1\nreplace\n", "nas", "trust", "gw1")
    assert refused[0] == 4
    assert "THE HOST KEY OF NAS gw1 HAS CHANGED.\n" in refused[2]
    assert f"pinned: ssh-ed25519 {before.fingerprint}\n" in refused[2]
    assert f"shown:  ssh-ed25519 {now.fingerprint}\n" in refused[2]
    dropped = two("nas", "drop", "ivan", "--nas", "gw1", "--yes")
    assert dropped.status == 1
    assert "REFUSED, ITS HOST KEY CHANGED" in dropped.out
    assert routeros_server.left() == ["ivan"]

    wrong = typed(two, "gw1\n", "nas", "trust", "gw1", "--replace")
    assert (wrong[0], "To go on type replace:" in wrong[2]) == (4, True)
    assert known_hosts.read(known_hosts_of(two)).popitem()[1] == (before,)
    right = typed(two, "replace\n", "nas", "trust", "gw1", "--replace")
    assert right[0] == 0
    assert f"IN PLACE OF the pinned ssh-ed25519 {before.fingerprint}" in right[2]
    assert known_hosts.read(known_hosts_of(two)).popitem()[1] == (now,)
    line = audit(books)[-1]
    assert [line[0], line[2][0]["fingerprint"], line[3][0]["fingerprint"]] == [
        "nas-trust", before.fingerprint, now.fingerprint
    ]  # fmt: skip
    assert two("nas", "drop", "ivan", "--nas", "gw1", "--yes").status == 0


def test_a_nas_that_cannot_be_reached_is_not_trusted(shell: Shell, tmp_path: Path) -> None:
    with OddPeer(odd_peer.hangs_up) as peer:
        shell.configure(f"[nas gw1]\nhost = {peer.host}\nport = {peer.port}\nkey_file = /k\n")
        answer = shell("nas", "trust", "gw1")
    assert answer.status == 1
    assert "NAS gw1 at " in answer.err
    assert "Nothing was pinned" in answer.err


def test_a_name_that_there_is_not(two: Shell) -> None:
    for words in (("trust", "gw3"), ("drop", "ivan", "--nas", "gw3", "--yes")):
        answer = two("nas", *words)
        assert (answer.status, "did you mean" in answer.err) == (2, True)


def test_pinning_that_cannot_be_written_is_not_audited(
    two: Shell, books: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = read_config(two.config_file)
    offer = trusting.look(config.nas[0], config.routeros)
    path = known_hosts_of(two)
    path.parent.parent.mkdir(parents=True, exist_ok=True)
    path.parent.write_text("in the way")
    with pytest.raises(ConfigError, match="known_hosts"):
        trusting.pin(books, offer, config.routeros, "olga", NOW)
    assert audit(books) == []


def test_pinning_whose_audit_fails_is_taken_back(
    pinned: Shell, books: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit fails, after the file was written."""
    config = read_config(pinned.config_file)
    before = known_hosts.read(config.routeros.known_hosts)
    offer = trusting.look(config.nas[0], config.routeros)
    with RouterOSServer() as other:
        offer = offer._replace(key=host_key(other))
    written = []

    def fail() -> None:
        written.append(known_hosts.read(config.routeros.known_hosts) != before)
        raise peewee.OperationalError("disk full")

    monkeypatch.setattr(books.handle, "commit", fail)
    with pytest.raises(peewee.OperationalError):
        trusting.pin(books, offer, config.routeros, "olga", NOW)
    monkeypatch.undo()
    assert written == [True]
    assert known_hosts.read(config.routeros.known_hosts) == before
    assert audit(books) == []


def test_what_somebody_else_pinned_meanwhile_stays(pinned: Shell, books: Database) -> None:
    config = read_config(pinned.config_file)
    offer = trusting.look(config.nas[0], config.routeros)
    with known_hosts.changing(config.routeros.known_hosts) as pins:
        del pins[offer.nas.address]
    with pytest.raises(NeedsConfirmation, match="changed by somebody meanwhile"):
        trusting.pin(books, offer, config.routeros, "olga", NOW)
    assert offer.nas.address not in known_hosts.read(config.routeros.known_hosts)
    assert audit(books) == []


def test_drop_asks_and_says_what_came_of_it(
    pinned: Shell, routeros_server: RouterOSServer, books: Database
) -> None:
    routeros_server.sessions(1, ["ivan", "anna", "ivan"])
    routeros_server.sessions(2, ["anna"])
    status, out, err = typed(pinned, "y\n", "nas", "drop", "ivan")
    assert status == 0
    assert "All PPP sessions of ivan are ended on 2 NAS: gw1, gw2." in err
    assert "NO SUBSCRIBER HAS THIS LOGIN" in err
    assert out.splitlines() == [
        "gw1  2 sessions dropped",
        "2 sessions of ivan dropped, 2 of 2 NAS answered.",
    ]
    assert [routeros_server.left(nas) for nas in (1, 2)] == [["anna"], ["anna"]]
    asked, done = audit(books)
    assert asked == (
        "nas-drop", "session:ivan", None, {"login": "ivan", "what": {"nas": ["gw1", "gw2"]}}
    )  # fmt: skip
    assert (done[0], done[3]["what"][0]["sessions"]) == ("nas-drop-done", 2)


def test_a_known_login_is_asked_about_without_alarm(ivan: Shell, two: Shell, pinned: Shell) -> None:
    _, _, err = typed(pinned, "\n", "nas", "drop", "ivan")
    assert "All PPP sessions of ivan are ended" in err
    assert "NO SUBSCRIBER" not in err


def test_a_no_drops_nothing(
    pinned: Shell, routeros_server: RouterOSServer, books: Database
) -> None:
    routeros_server.sessions(1, ["ivan"])
    assert typed(pinned, "n\n", "nas", "drop", "ivan")[0] == 4
    answer = pinned("nas", "drop", "ivan")
    assert (answer.status, "Use --yes to go on" in answer.err) == (4, True)
    assert routeros_server.left() == ["ivan"]
    assert routeros_server.commands() == 0
    assert audit(books) == []


def test_drop_on_one_nas_as_json(pinned: Shell, routeros_server: RouterOSServer) -> None:
    for nas in (1, 2):
        routeros_server.sessions(nas, ["ivan"])
    answer = pinned("--json", "nas", "drop", "ivan", "--nas", "gw2", "--yes")
    assert answer.status == 0
    assert answer.json == {
        "login": "ivan",
        "sessions": 1,
        "failed": [],
        "nas": [{"name": "gw2", "outcome": "dropped", "sessions": 1, "detail": ""}],
    }
    assert routeros_server.left(1) == ["ivan"]


def test_one_that_fails_is_named(
    pinned: Shell, routeros_server: RouterOSServer, books: Database
) -> None:
    with OddPeer(odd_peer.hangs_up) as peer:
        address = f"host = {peer.host}\nport = {peer.port}\n"
        pinned.configure(f"[nas dead]\n{address}key_file = {routeros_server.own_key}\n")
        with known_hosts.changing(known_hosts_of(pinned)) as pins:
            pins[f"[{peer.host}]:{peer.port}"] = (host_key(routeros_server),)
        routeros_server.sessions(1, ["ivan"])
        answer = pinned("nas", "drop", "ivan", "--yes")
    assert answer.status == 1
    assert "gw1   1 session dropped" in answer.out
    assert "dead  NOT REACHED: " in answer.out
    assert "1 session of ivan dropped, 2 of 3 NAS answered." in answer.out
    assert "FAILED on dead: sessions may still be there; try again." in answer.out
    outcomes = {one["name"]: one["outcome"] for one in audit(books)[-1][3]["what"]}
    assert outcomes == {"gw1": "dropped", "gw2": "none", "dead": "unreachable"}


def test_hostile_logins(pinned: Shell, routeros_server: RouterOSServer, books: Database) -> None:
    """Those that a shell can give: no NUL, and not taken for an option."""
    names = [name for name in HOSTILE if "\0" not in name and not name.startswith("-")][::6]
    routeros_server.sessions(1, [*names, "bystander"])
    for name in names:
        answer = pinned("nas", "drop", name, "--nas", "gw1", "--yes")
        assert answer.status == 0, answer.err
        assert "\x1b" not in answer.out + answer.err
    assert routeros_server.left() == ["bystander"]
    assert not [what for what in routeros_server.executed() if "reboot" in what]
    done = [line[3]["login"] for line in audit(books) if line[0] == "nas-drop-done"]
    assert done == names


@pytest.mark.parametrize("login", ["", "x" * 129])
def test_a_login_that_no_nas_is_sent(pinned: Shell, books: Database, login: str) -> None:
    answer = pinned("nas", "drop", login, "--yes")
    assert (answer.status, "nothing was sent" in answer.err) == (2, True)
    assert audit(books) == []


def test_the_longest_login_is_audited_whole(pinned: Shell, books: Database) -> None:
    assert pinned("nas", "drop", "Ё" * 128, "--yes").status == 0
    assert {line[3]["login"] for line in audit(books)} == {"Ё" * 128}


def test_roles(pinned: Shell) -> None:
    pinned.configure("[roles]\nadmin = nobody-here\nviewer = *\n")
    assert pinned("nas", "list").status == 0
    for words, role in ((("trust", "gw1"), "admin"), (("drop", "ivan", "--yes"), "operator")):
        answer = pinned("nas", *words)
        assert (answer.status, f"needs the role {role}" in answer.err) == (4, True)
