"""The web application: one function builds it from settings, database and clock."""

from fastapi import APIRouter, FastAPI

from service.access.callers import Callers
from service.access.metering import Metered
from service.accounts import routes as accounts
from service.alerts import routes as alerts
from service.commitments import routes as commitments
from service.complaints import routes as complaints
from service.console.install import install as install_console
from service.health import routes as health
from service.kit.admission import Admission
from service.kit.clock import Clock, SystemClock
from service.kit.database import Database
from service.kit.http import BodyLimit, Utf8Only, install_error_handlers, problems
from service.kit.settings import Settings
from service.kit.shared import Shared
from service.metrics import routes as metrics
from service.news import routes as news
from service.outlook import routes as outlook
from service.replies import links as reply_links
from service.replies import routes as replies
from service.replies.bodies import LARGEST_BODY
from service.risk import routes as risk
from service.risk.newest import Newest
from service.updates import outbox
from service.updates import routes as updates
from service.watching import routes as watching

MB = 1024 * 1024
LISTS = ("/v1/observations", "/v1/accounts", "/v1/complaints")
"""Addresses that take many rows at once; everything else is one thing, which is small."""
# The accounts' routes stay last: theirs take the whole rest of a path, since an account's id may hold a slash.
ROUTERS: tuple[APIRouter, ...] = (
    alerts.router,
    updates.router,
    outbox.router,
    replies.router,
    commitments.router,
    news.router,
    reply_links.router,
    outlook.router,
    metrics.router,
    complaints.router,
    risk.router,
    watching.router,
    health.router,
    accounts.router,
)


def create_app(settings: Settings, db: Database | None = None, clock: Clock | None = None) -> FastAPI:
    """Build the application. It opens nothing and starts nothing until a request comes."""
    app = FastAPI(
        title="Headsup",
        version="1",
        summary="Tells the sales rep before the client calls.",
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Utf8Only],
        responses=problems(),
    )
    lists = dict.fromkeys(LISTS, settings.max_body_mb * MB)
    app.add_middleware(BodyLimit, max_bytes=MB, wider={**lists, "/v1/inbound-mail": LARGEST_BODY})
    app.add_middleware(Admission)
    app.add_middleware(Metered, per_minute=settings.requests_per_minute)
    app.state.settings = settings
    app.state.db = db or Database(settings.database)
    app.state.clock = clock or SystemClock()
    shared = Shared()
    app.state.callers = Callers(shared)
    app.state.risks = Newest(shared)
    app.state.leaving = False
    install_error_handlers(app)
    health.count_requests(app)
    for router in ROUTERS:
        app.include_router(router)
    install_console(app, settings)
    return app
