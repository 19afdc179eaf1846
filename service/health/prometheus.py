"""Figures for Prometheus: requests are counted here, everything else is read from the tables when asked."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.health.queries import Figures

disable_created_metrics()  # type: ignore[no-untyped-call]

LAGS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
MODEL = {
    "expected": "Share of the accounts over the line that is expected to complain.",
    "promised": "Share of the accounts over the line that complained when the model was tested.",
    "scored": "Share of the active accounts that got a score in the last day, at the newest look.",
    "notices": "Open notices about the model: its precision is being lost.",
    "proposed": "1 while a candidate is proposed for promotion.",
}


class Requests:
    """Counts answers by route and status, and how long the event loop stood still, in which nobody is answered.

    A route is its pattern, so that ids make no new series.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._count = Counter(
            "headsup_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self._lags = Histogram(
            "headsup_loop_lag_seconds",
            "How late the event loop came back to a clock of ten beats a second.",
            buckets=LAGS,
            registry=self.registry,
        )

    def lagged(self, seconds: float) -> None:
        self._lags.observe(seconds)

    def note(self, scope: Scope, status: int) -> None:
        route = getattr(scope.get("route"), "path", "none")
        # A method is free text: only known ones are told apart.
        method = scope["method"] if scope["method"] in {"GET", "HEAD", "POST", "PUT", "DELETE"} else "other"
        self._count.labels(method, route, str(status)).inc()


class CountRequests:
    """Middleware that notes each answer."""

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self.app = app
        self.requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.requests.note(scope, message["status"])
            await send(message)

        await self.app(scope, receive, noting if scope["type"] == "http" else send)


class _Read:
    """The figures in the shape that prometheus_client asks for."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        now = self._figures
        yield _gauge("headsup_accounts", "Accounts.", now.accounts)
        yield _gauge("headsup_accounts_unscored", "Accounts with data newer than their score.", now.accounts_unscored)
        yield _gauge("headsup_observations", "Observations, on PostgreSQL about.", now.observations)
        yield _gauge("headsup_alerts_open", "Live alerts.", now.alerts_open)
        yield _gauge(
            "headsup_alert_unacknowledged_age_seconds",
            "Age of the oldest alert that nobody has acknowledged; 0 if there is none.",
            now.alert_unacknowledged_age or 0,
        )
        yield _gauge("headsup_mail_queue_age_seconds", "Age of the oldest unsent mail.", now.mail_queue_age or 0)
        if now.model_age is not None:
            yield _gauge("headsup_model_age_seconds", "Time since the active model was trained.", now.model_age)
        yield _gauge(
            "headsup_stages_standing_still", "Stages from metric to mail that do not move.", now.standing_still
        )
        yield _gauge("headsup_disk_free_bytes", "Room on the disk of the data folder.", now.disk_free)
        if now.rehearsal_age is not None:
            yield _gauge("headsup_rehearsal_age_seconds", "Time since a rehearsal came through.", now.rehearsal_age)
        for name, about in MODEL.items():
            if name in now.model:
                yield _gauge(f"headsup_model_{name}", about, now.model[name])
        yield _labelled("headsup_mails", "Mails by state.", "state", now.mails)
        yield _labelled("headsup_worker_step_age_seconds", "Time since a worker step ended well.", "step", now.steps)


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)


def _labelled(name: str, about: str, label: str, values: dict[str, int] | dict[str, float]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def exposition(requests: Requests, figures: Figures) -> bytes:
    """Write everything in Prometheus' text format."""
    read = CollectorRegistry()
    read.register(_Read(figures))
    return generate_latest(requests.registry) + generate_latest(read)
