"""The page behind a mail's button. It needs no login; opening it never acts, since mail scanners open every link."""

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from uuid import UUID

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from service.kit import links
from service.kit.database import Session
from service.kit.http import Config, Db, Now
from service.kit.settings import Settings
from service.updates import actions
from service.updates.actions import Acknowledged
from service.updates.letters import ACKNOWLEDGE
from service.updates.render import TEMPLATES

router = APIRouter(include_in_schema=False)

STYLE = files("service.updates").joinpath("templates/acknowledge.css").read_text()
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    f"style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'",
    # The address of the page is its key.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}


@router.api_route("/a/{token}", methods=["GET", "HEAD"])
def show_acknowledge(token: str, db: Db, settings: Config) -> Response:
    """Show the button."""
    try:
        with db.read() as session:
            found = _read(session, token, settings)
    except links.LinkInvalid:
        return _page("This link is not valid, or no longer", "invalid", status=404)
    if found.already:
        return _page("Thank you", "done", name=found.account_name)
    return _page(f"{found.account_name} may complain", "asking", name=found.account_name)


@router.post("/a/{token}")
def acknowledge(token: str, db: Db, settings: Config, now: Now) -> Response:
    """Note that the rep has it. Pressing again changes nothing."""
    try:
        with db.begin() as session:
            actions.acknowledge_mail(session, _mail_id(token, settings), now=now)
    except links.LinkInvalid:
        return _page("This link is not valid, or no longer", "invalid", status=404)
    return RedirectResponse(f"/a/{token}", 303, headers=HEADERS)


def _read(session: Session, token: str, settings: Settings) -> Acknowledged:
    return actions.acknowledged(session, _mail_id(token, settings))


def _mail_id(token: str, settings: Settings) -> UUID:
    return UUID(links.subject_of(settings, ACKNOWLEDGE, token))


def _page(title: str, state: str, *, name: str = "", status: int = 200) -> HTMLResponse:
    # The style is ours and its hash stands in the policy: escaping would change both.
    context = {"title": title, "state": state, "name": name, "style": Markup(STYLE)}  # noqa: S704
    return HTMLResponse(TEMPLATES.get_template("acknowledge.html.j2").render(context), status, headers=HEADERS)
