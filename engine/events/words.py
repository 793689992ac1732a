"""The notices that are built in, by language: Jinja2 templates and compliments.

Names are those of the events, and of the notices that no event has to itself.
"""

from __future__ import annotations

from engine.events.kinds import EVENT_KINDS

TEXT_NAMES: tuple[str, ...] = (*EVENT_KINDS, "tariff_change_by_staff", "receipt_link")

_RU = {
    "payment": "На счет #{{ login }} зачислен платеж: {{ amount }} {{ currency }} {{ compliment }}",
    "refund": "Со счета #{{ login }} осуществлен возврат средств: {{ amount }} {{ currency }}"
    " {{ compliment }}",
    "limit": "Кредитный лимит в размере {{ credit_limit }} {{ currency }} установлен."
    " {{ compliment }}",
    "credit": "Услуга Кредит в размере {{ credit_limit }} {{ currency }} подключена."
    " {{ compliment }}",
    "tariff_change": "Новый тарифный план подключен. {{ compliment }}",
    "tariff_change_by_staff": "Новый тарифный план подключен. {{ compliment }}",
    "freeze": "Обслуживание по счету #{{ login }} приостановлено. {{ compliment }}",
    "block": "Доступ по счету #{{ login }} заблокирован. На счете {{ balance }} {{ currency }}",
    "unblock": "Доступ по счету #{{ login }} снова открыт. {{ compliment }}",
    "delete": "Обслуживание по счету #{{ login }} прекращено.",
    "real_ip": "Изменен IP-адрес по счету #{{ login }}. {{ compliment }}",
    "birthday": "С днем рождения!{% if bonus %} Дарим Вам {{ bonus }}"
    " {{ currency }} на счет #{{ login }}.{% endif %} {{ compliment }}",
    "reminder": "Напоминаем: {{ date }} со счета #{{ login }} спишется абонентская плата"
    " {{ amount }} {{ currency }} Сейчас на счете {{ balance }} {{ currency }} {{ compliment }}",
    "receipt_link": "Кассовый чек по счету #{{ login }}: {{ link }}",
}
_EN = {
    "payment": "Account #{{ login }}: we received your payment of {{ amount }} {{ currency }}."
    " {{ compliment }}",
    "refund": "Account #{{ login }}: {{ amount }} {{ currency }} were returned to you."
    " {{ compliment }}",
    "limit": "Your credit limit is now {{ credit_limit }} {{ currency }}. {{ compliment }}",
    "credit": "The service Credit is on: {{ credit_limit }} {{ currency }}. {{ compliment }}",
    "tariff_change": "Your new plan is active. {{ compliment }}",
    "tariff_change_by_staff": "Your new plan is active. {{ compliment }}",
    "freeze": "Account #{{ login }} is suspended. {{ compliment }}",
    "block": "Account #{{ login }} is blocked. Its balance is {{ balance }} {{ currency }}.",
    "unblock": "Account #{{ login }} is open again. {{ compliment }}",
    "delete": "Account #{{ login }} is closed.",
    "real_ip": "The IP address of account #{{ login }} has changed. {{ compliment }}",
    "birthday": "Happy birthday!{% if bonus %} {{ bonus }} {{ currency }}"
    " for your account #{{ login }}.{% endif %} {{ compliment }}",
    "reminder": "The monthly fee of account #{{ login }} is due on {{ date }}:"
    " {{ amount }} {{ currency }}. Its balance is {{ balance }} {{ currency }}. {{ compliment }}",
    "receipt_link": "The receipt for account #{{ login }}: {{ link }}",
}
TEMPLATES: dict[str, dict[str, str]] = {"ru": _RU, "en": _EN}
"""By language and name."""

COMPLIMENTS: dict[str, tuple[str, ...]] = {
    "ru": ("Спасибо, что Вы с нами!", "Хорошего Вам дня!", "Приятного отдыха в сети!"),
    "en": ("Thank you for being with us!", "Have a good day!"),
}
FALLBACK = "en"
"""The language of what another one does not have."""

CURRENCIES: dict[str, dict[str, str]] = {"ru": {"RUB": "руб."}}
"""How a currency is written in a text; in all other cases it is its code."""
