"""One try to change an alert from a form, and the answer to it: a part of the page for htmx, a redirect otherwise."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Form, Request
from starlette.responses import Response

from models import Alert
from service.alerts import queries as alert_queries
from service.console import rules
from service.console.doors import Visitor, Working
from service.console.pages import by_htmx, go, page
from service.console.panel import panel_facts, row_facts
from service.console.queries import alert as queries
from service.console.queries import queue
from service.kit.database import Session
from service.kit.errors import Conflict, HeadsupError, Invalid
from service.kit.http import Db, Now, status_of


class AlertOvertaken(Conflict):
    """Somebody else was faster."""


class Attempt:
    """What every form of an alert sends, with who sent it: `seen` is the last line of history that its page showed."""

    def __init__(
        self,
        request: Request,
        alert_id: UUID,
        db: Db,
        visitor: Working,
        now: Now,
        *,
        seen: Annotated[int, Form(ge=0, lt=2**62)] = 0,
        part: Annotated[str, Form(max_length=10)] = "",
    ) -> None:
        self.request = request
        self.alert_id = alert_id
        self.db = db
        self.visitor: Visitor = visitor
        self.now: datetime = now
        self.seen = seen
        self.part = part if by_htmx(request) else ""

    def act(self, verb: Callable[..., object], *what: Any, **how: Any) -> Response:
        """Do it, in one transaction, unless somebody else did something to the alert that the page did not show."""
        try:
            self.change(verb, *what, **how)
        except (Conflict, Invalid) as problem:
            return self.refused(problem)
        return self.done()

    def change(self, verb: Callable[..., object], *what: Any, **how: Any) -> None:
        """Call an action on the alert.

        Raises:
            AlertOvertaken: the page was out of date. What the worker did meanwhile does not count.
        """
        with self.db.begin() as session:
            alert = alert_queries.alert(session, self.alert_id)
            self._refuse_if_overtaken(session)
            verb(session, alert, *what, by=self.visitor.actor, now=self.now, **how)

    def done(self, *, sent: bool = False) -> Response:
        """Show how things stand now."""
        if self.part:
            return self._show(sent=sent)
        return go(self.request, f"/alerts/{self.alert_id}" + ("?sent=true" if sent else ""))

    def refused(
        self, problem: HeadsupError, *, draft: Mapping[str, str] | None = None, missing: Collection[str] = ()
    ) -> Response:
        """Show how things stand, what is wrong, and what was typed."""
        notice = f"{problem.title()}. {problem.detail}"
        return self._show(status=status_of(problem), notice=notice, draft=draft, missing=missing)

    def _refuse_if_overtaken(self, session: Session) -> None:
        event = queries.move_of_others(session, self.alert_id, after=self.seen, actor=self.visitor.actor)
        if event is not None:
            who = queue.operator_names(session).get(event.actor, event.actor)
            when = rules.relative(event.at, self.now)
            raise AlertOvertaken(
                f"{who} was faster ({rules.happened(event.kind)} {when}). Nothing was done: look, and decide again."
            )

    def _show(self, *, status: int = 200, sent: bool = False, **facts: Any) -> Response:
        with self.db.read() as session:
            alert: Alert = alert_queries.alert(session, self.alert_id)
            facts = panel_facts(session, alert, self.visitor, now=self.now, **facts) | {"sent": sent}
            facts["rows"] = row_facts(session, [alert], today=self.now.date())
            facts["shell"] = queue.shell(session, now=self.now)
        template = {"row": "row_answer.html", "panel": "panel_answer.html"}.get(self.part, "alert.html")
        return page(template, self.visitor, self.now, status=status, **facts)


Trying = Annotated[Attempt, Depends()]
