"""The configuration of NAS: sections of which there may be any number."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config import describe
from engine.nas.settings import NasConfig, RouterosConfig
from tests.unit.config_place import Place

GW1 = "[nas gw1]\nhost = 10.0.0.1\nkey_file = /k\n"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_without_a_section_there_is_no_nas(place: Place) -> None:
    config = place.load("")
    assert config.nas == ()
    state = Path(place.environ["HOME"]) / ".local" / "state"
    assert config.routeros == RouterosConfig(state / "billdeck" / "known_hosts")


def test_the_pinned_keys_are_in_the_state_folder(place: Place) -> None:
    config = place.load("", XDG_STATE_HOME="/state")
    assert config.routeros.known_hosts == Path("/state/billdeck/known_hosts")


def test_each_nas_has_a_section(place: Place) -> None:
    text = "[nas gw2]\nhost = ::1\nport = 2200\nuser = bd\npassword_file = /p\n"
    config = place.load(f"{GW1}{text}[routeros]\nparallel = 3\nknown_hosts = /known\n")
    assert config.nas == (
        NasConfig("gw1", "10.0.0.1", key_file=Path("/k")),
        NasConfig("gw2", "::1", 2200, "bd", password_file=Path("/p")),
    )
    assert [nas.address for nas in config.nas] == ["10.0.0.1", "[::1]:2200"]
    assert (config.routeros.parallel, config.routeros.known_hosts) == (3, Path("/known"))
    rows = [(row.key, row.value) for row in describe(config) if row.section == "nas gw2"]
    assert rows[:3] == [("host", "::1"), ("port", "2200"), ("user", "bd")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{GW1}colour = red\n", "line 4: [nas gw1] has no setting colour; allowed are host, port"),
        (GW1.replace("host = 10.0.0.1\n", ""), "[nas gw1] needs the setting host"),
        (f"{GW1}password_file = /p\n", "[nas gw1] has both key_file and password_file"),
        (GW1 + GW1.replace("gw1", "GW1").replace("0.1", "0.2"), "differ only in capital letters"),
        (GW1 + GW1.replace("gw1", "gw2"), "[nas gw2] and [nas gw1] are both at 10.0.0.1"),
        (GW1 + GW1, "section [nas gw1] was already opened on line 1"),
        (GW1.replace("gw1", "gw 1"), "[nas gw 1] does not name a NAS"),
        (GW1.replace("gw1", "-x"), "[nas -x] does not name a NAS"),
        (GW1.replace("gw1", "gw\x1b1"), "does not name a NAS"),
        ("[nas ]\nhost = ::1\n", "line 1: unknown section [nas ]; allowed are database"),
        ("[nas]\nhost = ::1\n", "unknown section [nas]"),
        (GW1.replace("10.0.0.1", "a b"), "a host name or IP address"),
        (GW1.replace("/k", "k"), "an absolute path"),
        (f"{GW1}port = 0\n", "from 1 to 65535"),
        (f"{GW1}user = a b\n", "a user name of ASCII characters"),
        ("[routeros]\nparallel = 0\n", "from 1 to 64"),
    ],
)
def test_what_cannot_be(place: Place, text: str, message: str) -> None:
    assert message in place.refusal(text)


def test_a_variable_changes_a_section_that_is_there(place: Place) -> None:
    text = GW1.replace("gw1", "gw-1.a")
    config = place.load(text, BILLDECK_NAS_GW_1_A__PORT="2200", BILLDECK_ROUTEROS__PARALLEL="2")
    assert (config.nas[0].port, config.routeros.parallel) == (2200, 2)
    assert "names no setting" in place.refusal(GW1, BILLDECK_NAS_GW2__PORT="2200")


def test_a_variable_that_could_mean_two_is_refused(place: Place) -> None:
    text = GW1.replace("gw1", "gw-1") + GW1.replace("gw1", "gw.1").replace("0.1", "0.2")
    assert len(place.load(text).nas) == 2
    message = place.refusal(text, BILLDECK_NAS_GW_1__PORT="2200")
    assert "could mean [nas gw-1] port and [nas gw.1] port" in message


def test_the_sections_of_the_docs(place: Place) -> None:
    page = (Path(__file__).parents[2] / "docs" / "nas.md").read_text(encoding="utf-8")
    _, _, rest = page.partition("```ini\n")
    gw1, gw2 = place.load(rest.partition("```")[0]).nas
    assert (gw1.address, gw1.user, gw1.key_file) == (
        "10.0.0.1", "billdeck", Path("/etc/billdeck/nas-key")
    )  # fmt: skip
    assert (gw2.address, gw2.user, gw2.key_file) == ("[10.0.0.2]:2222", "billing", None)
