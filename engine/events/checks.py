"""What would keep events from being followed as the configuration seems to want it. Asks nobody."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from engine.errors import InputError
from engine.events.kinds import EVENT_KINDS, ActionKind, EventKind
from engine.events.settings import Rules
from engine.events.texts import (
    MOST_TEXT,
    always_empty,
    compliment_of,
    currency_word,
    render,
    sample_values,
    template_of,
)
from engine.events.words import TEMPLATES, TEXT_NAMES
from engine.text import ELLIPSIS


def problems(
    rules: Rules, providers: Mapping[str, bool], given: Collection[EventKind] = ()
) -> list[str]:
    """Sentences, each naming section and key, of what is wrong.

    `providers` says which of them are set up; `given` are the events whose actions the
    configuration states itself. Texts are looked at even when nothing follows yet.
    """
    found = [*_texts(rules)]
    if rules.events.mode == "off":
        return found
    return [*_providers(rules, providers), *_sessions(rules, given), *_links(rules), *found]


def remarks(rules: Rules) -> list[str]:
    """What is no mistake, but may not be meant."""
    found = []
    if rules.events.mode == "off":
        return ["events are recorded and nothing follows: [events] mode = off"]
    if _wants(rules, "notice") and not _is_told(rules):
        found.append("no notices are sent: [notices] sms and social are empty")
    if _wants(rules, "receipt") and not rules.receipts.provider:
        found.append("no receipts are made: [receipts] provider is empty")
    if _wants(rules, "session_drop") and not rules.nas:
        found.append("no sessions are dropped: there is no section [nas NAME]")
    if bool(rules.receipts.cashier_name) != bool(rules.receipts.cashier_inn):
        found.append(
            "no cashier stands on receipts: [receipts] cashier_name and cashier_inn are only"
            " printed together"
        )
    for texts in rules.texts:
        if texts.language != rules.notices.language:
            found.append(
                f"[texts {texts.language}] is not used: [notices] language is"
                f" {rules.notices.language}"
            )
    return found


def samples(rules: Rules, currency: str) -> Iterator[str]:
    """Each text that is used, filled in with an example. Those that are wrong are left out."""
    own = {"currency": currency_word(rules, currency), "compliment": compliment_of(rules, 0)}
    for name in _used(rules):
        try:
            text = render(template_of(name, rules), {**sample_values(name), **own})
        except InputError:
            continue
        yield f"{_written(name)}: {text}"


def _providers(rules: Rules, providers: Mapping[str, bool]) -> Iterator[str]:
    """Providers that are named but not set up, for what is wanted of them."""
    named: list[tuple[ActionKind, str, str]] = [
        ("notice", "[notices] sms", rules.notices.sms),
        ("notice", "[notices] social", rules.notices.social),
        ("receipt", "[receipts] provider", rules.receipts.provider),
    ]
    for action, where, name in named:
        if name and _wants(rules, action) and not providers.get(name):
            yield (
                f"{where} = {name}, but {name} is not set up: fill in section [{name}] (a secret"
                " that only the daemon is given is not seen here)"
            )
    if _is_told(rules) and not _is_region(rules.notices.region):
        yield (
            f"[notices] region = {rules.notices.region} is no country: numbers without a country"
            " code cannot be completed; give its two letters, such as RU"
        )


def _sessions(rules: Rules, given: Collection[EventKind]) -> Iterator[str]:
    if rules.nas:
        return
    for event in EVENT_KINDS:
        if event in given and "session_drop" in rules.events.follows.get(event, ()):
            yield (
                f"[events] {_written(event)} drops sessions, but there is no NAS: add a section"
                " [nas NAME], or take session-drop out"
            )


def _links(rules: Rules) -> Iterator[str]:
    """A receipt's link needs the receipt and a way to send it."""
    if not rules.receipts.link_notice:
        return
    if not rules.receipts.provider or not _wants(rules, "receipt"):
        yield "[receipts] link_notice = yes, but no receipts are made: set [receipts] provider"
    if not _is_told(rules):
        yield "[receipts] link_notice = yes, but no notices are sent: set [notices] sms or social"


def _texts(rules: Rules) -> Iterator[str]:
    """Texts of the configuration that cannot be used, and those that the language lacks."""
    language = rules.notices.language
    own: set[str] = set()
    for texts in rules.texts:
        if texts.language == language:
            own |= {name for name, _ in texts.templates}
        for name, template in texts.templates:
            trouble = _trouble(name, template)
            if trouble:
                yield f"[texts {texts.language}] {_written(name)}: {trouble}"
    if language in TEMPLATES or not _is_told(rules):
        return
    absent = [_written(name) for name in _used(rules) if name not in own]
    if absent:
        yield (
            f"[notices] language = {language} has no built-in texts, so these would be sent in"
            f" English: write in [texts {language}] {', '.join(absent)}"
        )


def _trouble(name: str, template: str) -> str | None:
    """Why the template of this name is not good, None when it is."""
    try:
        empty = always_empty(name, template)
        if empty:
            return f"this text has no value for {', '.join(empty)}; it would say nothing there"
        text = render(template, sample_values(name))
    except InputError as error:
        return error.message
    if len(text) == MOST_TEXT and text.endswith(ELLIPSIS):
        return f"the text is longer than {MOST_TEXT} characters and would be cut"
    return None


def _used(rules: Rules) -> list[str]:
    """The names of the texts that the rules lead to."""
    names = {event for event, actions in rules.events.follows.items() if "notice" in actions}
    used: set[str] = set(names)
    if "tariff_change" in used:
        used.add("tariff_change_by_staff")
    if rules.receipts.link_notice:
        used.add("receipt_link")
    return [name for name in TEXT_NAMES if name in used]


def _wants(rules: Rules, action: ActionKind) -> bool:
    return any(action in actions for actions in rules.events.follows.values())


def _is_told(rules: Rules) -> bool:
    return bool(rules.notices.sms or rules.notices.social)


def _is_region(region: str) -> bool:
    from phonenumbers import SUPPORTED_REGIONS

    return region in SUPPORTED_REGIONS


def _written(name: str) -> str:
    return name.replace("_", "-")
