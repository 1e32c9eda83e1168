"""The names under which a model's server answers.

Enters: the process of MLflow's server, which answers under any name: a foreign page whose name is made to point at this
machine (DNS rebinding) could ask it what it likes. Leaves: the same server, which answers where the request's `Host` is
an address, `localhost`, or a name in MLFLOW_SERVER_ALLOWED_HOSTS, as MLflow's own pages do; others get

    403 {"error_code": "PERMISSION_DENIED", "message": "the name in Host is not one of this server's"}
"""

from __future__ import annotations

import ipaddress
import json
import os
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dialsum.records.threads import SERVED

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

ALLOWED = "MLFLOW_SERVER_ALLOWED_HOSTS"  # names, with a port or without, parted by commas; `*` is any letters
REFUSAL = {"error_code": "PERMISSION_DENIED", "message": "the name in Host is not one of this server's"}


def guard() -> None:
    """Have the server that loads this model answer under its own names; do nothing where there is no server.

    MLflow makes the app after it has loaded the model, and hands it to nobody: so it is told here how to make one.
    """
    if SERVED not in os.environ:
        return
    from fastapi import FastAPI

    build = FastAPI.build_middleware_stack

    def build_guarded(app: FastAPI) -> ASGIApp:
        return guarded(build(app))

    FastAPI.build_middleware_stack = build_guarded  # type: ignore[assignment, method-assign]


def guarded(app: ASGIApp) -> ASGIApp:
    """An app that asks `app` only what comes under a name that `is_own` knows."""

    async def ask(scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.datastructures import Headers
        from starlette.responses import Response

        if scope["type"] != "http" or is_own(Headers(scope=scope).get("host", "")):
            await app(scope, receive, send)
        else:
            await Response(json.dumps(REFUSAL), 403, media_type="application/json")(scope, receive, send)

    return ask


def is_own(host: str) -> bool:
    """Whether a request's `Host`, such as `localhost:5001`, is ours. Others can make a name point here, no address."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:  # a bracket without its other
        return False
    if name == "localhost" or _is_address(name):
        return True
    patterns = [pattern.strip().lower() for pattern in os.environ.get(ALLOWED, "").split(",")]
    return bool(name) and any(fnmatchcase(said, pattern) for said in (host.lower(), name) for pattern in patterns)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
