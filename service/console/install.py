"""Put the console into the application."""

from fastapi import FastAPI

from service.access.login_door import LoginDoor
from service.access.sessions import SignInNeeded
from service.console import assets, pages
from service.console.doors import OwnAccountFirst
from service.console.headers import Hardened
from service.console.routes import (
    accounts,
    alerts,
    login,
    mail,
    model,
    outlook,
    promises,
    queue,
    replies,
    status,
    todo,
    updates,
    you,
)
from service.kit.settings import Settings

ROUTERS = (
    assets.router,
    login.router,
    you.router,
    queue.router,
    alerts.router,
    updates.router,
    accounts.router,
    promises.router,
    outlook.router,
    todo.router,
    replies.router,
    mail.router,
    model.router,
    status.router,
)


def install(app: FastAPI, settings: Settings) -> None:
    """Add pages, protective headers and problem pages. Call it when the error handlers are in place."""
    app.state.login_door = LoginDoor()
    app.add_middleware(Hardened, site_url=settings.site_url, https=settings.https)
    pages.show_problems_as_pages(app)
    app.add_exception_handler(SignInNeeded, pages.to_login)
    app.add_exception_handler(OwnAccountFirst, pages.to_own_account)
    for router in ROUTERS:
        app.include_router(router)
