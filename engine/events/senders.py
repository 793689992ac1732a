"""The senders of a configuration, by the names of their channels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from engine.config import Config
from engine.events.kinds import BONUS, NAS_PREFIX, OWN

if TYPE_CHECKING:
    import ssl

    from engine.events.http_sender import Exchange, HttpSender
    from engine.events.kinds import Promise
    from engine.events.sender import Sender
    from engine.integrations.loop import PrivateLoop
    from engine.integrations.provider_settings import KomtetConfig, SmscConfig, SmspilotConfig

SMSPILOT, SMSC, SMSC_SOCIAL, KOMTET = "smspilot", "smsc", "smsc_social", "komtet"


def provider_channels(config: Config) -> list[str]:
    """The channels of the providers that are set up."""
    found = [SMSPILOT] if config.smspilot.is_set_up else []
    found += [SMSC, SMSC_SOCIAL] if config.smsc.is_set_up else []
    return found + ([KOMTET] if config.komtet.is_set_up else [])


def delivered_channels(config: Config) -> list[str]:
    """The channels that a delivery serves: all but the bonuses, which are credited by a job."""
    nas = [f"{NAS_PREFIX}{one.name}" for one in config.nas]
    return [OWN, *provider_channels(config), *nas]


def all_channels(config: Config) -> list[str]:
    """All channels that actions of this configuration can go by."""
    return [BONUS, *delivered_channels(config)]


@contextmanager
def open_senders(config: Config) -> Iterator[Mapping[str, Sender]]:
    """The senders of all that is set up, while the block runs."""
    import ssl

    from engine.events.nas_sender import NasSender
    from engine.integrations.loop import PrivateLoop
    from engine.nas.fleet import Fleet

    senders: dict[str, Sender] = {}
    with ExitStack() as stack:
        providers = provider_channels(config)
        if providers:
            loop = stack.enter_context(PrivateLoop("delivery"))
            # Reading the system's certificates takes long: once for all.
            tls = ssl.create_default_context()
            for name in providers:
                senders[name] = _http_sender(name, config, loop, tls, stack)
        if config.nas:
            fleet = stack.enter_context(Fleet(config.nas, config.routeros))
            for one in config.nas:
                sender = NasSender(fleet, one.name)
                stack.callback(sender.close)
                senders[f"{NAS_PREFIX}{one.name}"] = sender
        yield senders


def _http_sender(
    name: str, config: Config, loop: PrivateLoop, tls: ssl.SSLContext, stack: ExitStack
) -> HttpSender:
    from engine.events.http_sender import HttpSender
    from engine.integrations.http import HttpClient

    settings: SmspilotConfig | SmscConfig | KomtetConfig
    if name == SMSPILOT:
        settings = config.smspilot
        promise, sending, asking = _smspilot(config.smspilot)
    elif name == KOMTET:
        settings = config.komtet
        promise, sending, asking = _komtet(config.komtet)
    else:
        settings = config.smsc
        promise, sending, asking = _smsc(config.smsc, name == SMSC_SOCIAL)
    client = HttpClient(settings.parallel, tls)
    stack.callback(lambda: loop.run(client.close()))
    return HttpSender(
        loop, client, promise, sending, asking, settings.parallel, settings.per_second,
        settings.deadline_seconds,
    )  # fmt: skip


_Wire = tuple["Promise", "Exchange", "Exchange | None"]


def _smspilot(settings: SmspilotConfig) -> _Wire:
    from engine.events.http_sender import Exchange
    from engine.events.messages import smspilot_message
    from engine.integrations import smspilot

    sending = Exchange(
        lambda action: smspilot.send_request(smspilot_message(action), settings),
        lambda answer: smspilot.read_answer(answer, settings),
    )
    return smspilot.PROMISE, sending, None


def _smsc(settings: SmscConfig, is_social: bool) -> _Wire:
    from engine.events.http_sender import Exchange
    from engine.events.messages import smsc_message
    from engine.integrations import smsc

    sending = Exchange(
        lambda action: smsc.send_request(smsc_message(action, is_social), settings),
        lambda answer: smsc.read_answer(answer, settings),
    )
    asking = Exchange(
        lambda action: smsc.status_request(smsc_message(action, is_social), settings),
        lambda answer: smsc.read_status(answer, settings),
    )
    return smsc.PROMISE, sending, asking


def _komtet(settings: KomtetConfig) -> _Wire:
    from engine.events.http_sender import Exchange
    from engine.events.messages import komtet_receipt
    from engine.integrations import komtet

    sending = Exchange(
        lambda action: komtet.send_request(komtet_receipt(action), settings),
        lambda answer: komtet.read_answer(answer, settings),
    )
    return komtet.PROMISE, sending, None
