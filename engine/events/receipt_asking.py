"""Asking the provider what became of receipts, as long as there are any to ask for."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from engine.clock import Clock
from engine.config import Config
from engine.database import Database
from engine.errors import ConfigError, Interrupted
from engine.events.outcome import Outcome
from engine.events.plan import Moment
from engine.events.receipt_rows import Known, due
from engine.events.receipts import Books, Told, keep
from engine.events.senders import KOMTET
from engine.events.setup import rules_of
from engine.hooks import WorkHooks
from engine.integrations import komtet
from engine.integrations.http import HttpClient
from engine.integrations.komtet import Task
from engine.integrations.loop import PrivateLoop
from engine.integrations.replies import unasked
from engine.integrations.wire import NoAnswerError

# So many rounds of questions side by side are kept by one transaction.
_ROUNDS = 4
_LOOK_SECONDS = 1.0
# It ends now and then, so that the next one reads the configuration anew.
_LONGEST_SECONDS = 600.0


class ReceiptAsking:
    """Asks for the holder of the lease; `tally` counts what was said: new, done, error, and
    untold."""

    def __init__(
        self, database: Database, config: Config, loop: PrivateLoop, clock: Clock, hooks: WorkHooks
    ) -> None:
        self.tally: Counter[str] = Counter()
        self._database = database
        self._config = config
        self._rules = rules_of(config)
        self._loop = loop
        self._clock = clock
        self._hooks = hooks
        self._free_at = 0.0

    def run(self) -> Counter[str]:
        """Asks until nothing has been due for `[events] linger_seconds`. Raises Interrupted when it
        is asked to stop: what was answered until then has been kept."""
        client = HttpClient(self._config.komtet.parallel)
        began = busy_at = time.monotonic()
        stop = self._hooks.stop
        try:
            while not stop.is_set() and time.monotonic() - began < _LONGEST_SECONDS:
                if self._ask_some(client):
                    busy_at = time.monotonic()
                elif time.monotonic() - busy_at >= self._config.events.linger_seconds:
                    break
                else:
                    stop.wait(_LOOK_SECONDS)
        finally:
            self._loop.run(client.close())
        if stop.is_set():
            raise Interrupted("stopped at a safe point. The next run asks for the rest.")
        return self.tally

    def _ask_some(self, client: HttpClient) -> int:
        """Asks for some that are due and keeps what was said; returns how many that were."""
        now = self._clock.now_ms()
        most = self._config.komtet.parallel * _ROUNDS
        careful = self._rules.events.pause_after
        receipts = self._hooks.unit(lambda: due(self._database, KOMTET, now, most, careful))
        if not receipts:
            return 0
        self._hooks.check()
        answers = self._loop.run(self._ask_all(client, receipts))
        told = [
            Told(receipt, answer)
            for receipt, answer in zip(receipts, answers, strict=True)
            if answer is not None
        ]
        if told:
            self._keep(told)
        return len(told)

    def _keep(self, told: list[Told]) -> None:
        billing = self._config.billing
        moment = Moment(self._clock.now_ms(), billing.timezone, billing.currency)
        books = Books(self._rules, self._config.komtet, moment)

        def work() -> None:
            with self._database.transaction():
                self._hooks.prove()
                keep(self._database, KOMTET, told, books)

        self._hooks.unit(work)
        self.tally.update(
            one.answer.state if isinstance(one.answer, Task) else "untold" for one in told
        )
        self._hooks.progress(self.tally.total(), self.tally.total())

    async def _ask_all(
        self, client: HttpClient, receipts: Sequence[Known]
    ) -> list[Task | Outcome | None]:
        """The answers, in order; None for those that were not asked for any more because the
        provider turned out to be in trouble, or we are to stop: a dead one costs one deadline."""
        gate = asyncio.Semaphore(self._config.komtet.parallel)
        in_trouble = False

        async def ask(receipt: Known) -> Task | Outcome | None:
            nonlocal in_trouble
            async with gate:
                if in_trouble or self._hooks.stop.is_set():
                    return None
                await self._keep_pace()
                answer = await self._ask(client, receipt)
                if isinstance(answer, Outcome):
                    in_trouble |= answer.is_outage or answer.verdict == "denied"
                return answer

        return list(await asyncio.gather(*map(ask, receipts)))

    async def _keep_pace(self) -> None:
        """Waits until the next question may be asked."""
        now = time.monotonic()
        at = max(now, self._free_at)
        self._free_at = at + 1 / self._config.komtet.per_second
        await asyncio.sleep(at - now)

    async def _ask(self, client: HttpClient, receipt: Known) -> Task | Outcome:
        settings = self._config.komtet
        try:
            request = komtet.status_request(receipt.task, settings)
            told = komtet.read_status(
                await client.send(request, settings.deadline_seconds), settings
            )
        except NoAnswerError as error:
            return unasked(error)
        except ConfigError as error:
            return Outcome("denied", error.message)
        except Exception as error:  # noqa: BLE001 - one receipt must not keep the others from theirs
            return Outcome("ambiguous", f"internal error {type(error).__name__}")
        if isinstance(told, Task):
            is_other = told.external_id not in ("", receipt.key)
            return Outcome("ambiguous", "they answered about another receipt") if is_other else told
        # That they know nothing of this one task tells nothing of the provider.
        return replace(told, is_outage=False) if told.status == 404 else told
