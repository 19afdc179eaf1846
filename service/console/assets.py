"""Static files: read once, served under the hash of their content, so that browsers may keep them for good."""

import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Response
from starlette.exceptions import HTTPException

router = APIRouter(include_in_schema=False)

FOR_GOOD = "public, max-age=31536000, immutable"
NAMES = (
    "app.css",
    "app.js",
    "charts.js",
    "favicon.svg",
    "vendor/htmx.min.js",
    "vendor/uplot.min.js",
    "vendor/uplot.min.css",
)


@dataclass(frozen=True)
class Asset:
    """A file and its URL."""

    url: str
    content: bytes
    media_type: str


@cache
def assets() -> dict[str, Asset]:
    """All static files by name."""
    folder = files("service.console") / "static"
    return {name: _asset(name, folder.joinpath(name).read_bytes()) for name in NAMES}


def asset_url(name: str) -> str:
    """Where a static file is served."""
    return assets()[name].url


@router.get("/static/{digest}/{name:path}")
def static_file(digest: str, name: str) -> Response:
    """Serve a static file. One asked for by an older page's hash is served as it is now, and not kept."""
    asset = assets().get(name)
    if asset is None:
        raise HTTPException(404)
    keep = FOR_GOOD if asset.url == f"/static/{digest}/{name}" else "no-store"
    return Response(asset.content, media_type=asset.media_type, headers={"Cache-Control": keep})


def _asset(name: str, content: bytes) -> Asset:
    digest = hashlib.sha256(content).hexdigest()[:12]
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(f"/static/{digest}/{name}", content, media_type)
