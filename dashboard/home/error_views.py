"""The pages for what went wrong. None of them needs the database, which may be what is down."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return _page(400, "This request makes no sense", "Go back and try once more from the page you came from.")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return _page(403, "This is not for you", "Your role does not reach so far. Ask an owner if it should.")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return _page(404, "There is nothing here", "The address may be mistyped, or what it showed is gone or not yours.")


def failed(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """The error in flight decides: a database that is down is not a fault of the page."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return _page(
            503, "The database cannot be reached", "Nothing is lost. Try again in a minute; /readyz says more."
        )
    return _page(500, "Something went wrong", "The fault is in Parley, and its log says what it was. Please try again.")


def _page(status: int, title: str, text: str) -> HttpResponse:
    html = render_to_string("dashboard/error.html", {"status": status, "title": title, "text": text})
    return HttpResponse(html, status=status, headers={"Cache-Control": "no-store"})
