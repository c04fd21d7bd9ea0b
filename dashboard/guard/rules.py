"""The rule of every view: who may open it, by which methods, and that what it changes is in the audit log.

A view without one of these decorators fails tests/dashboard/guard/test_access.py, which goes through the addresses.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dashboard.guard import audit, roles
from dashboard.guard.roles import Role

Act = Callable[[], object]
View = Callable[..., HttpResponseBase]
READING = ("GET", "HEAD")


@dataclass(frozen=True)
class Rule:
    """`read` and `write` are the least roles, None an account without one; `is_public` takes no account."""

    methods: tuple[str, ...]
    read: Role | None = None
    write: Role | None = None
    is_public: bool = False
    is_atomic: bool = True


def page(least: Role | None) -> Callable[[View], View]:
    """A page that changes nothing."""
    return _ruled(Rule(READING, read=least))


def action(least: Role | None) -> Callable[[View], View]:
    """A button: what it does and its line in the audit log are one transaction."""
    return _ruled(Rule(("POST",), read=least, write=least))


def question(least: Role | None) -> Callable[[View], View]:
    """A button that asks a model: no transaction may be held for as long as a model takes, as what the call reserves of
    a budget would be locked and its line in the ledger could be rolled back. What it changes, it changes by itself."""
    return _ruled(Rule(("POST",), read=least, write=least, is_atomic=False))


def form(read: Role | None, write: Role | None = None, *, is_atomic: bool = True) -> Callable[[View], View]:
    """A page with a form on it; `write` is for those who may send it, everybody who may read unless it is said.

    One that asks a model is not atomic; see `question`.
    """
    return _ruled(Rule((*READING, "POST"), read=read, write=write or read, is_atomic=is_atomic))


def keep(request: Any, details: dict[str, Any]) -> None:
    """Write the line of a view in the audit log now, in the transaction of what it tells, and not after the view."""
    match = request.resolver_match
    target = "/".join(str(value) for value in (*match.args, *match.kwargs.values()))
    audit.write(request.user, match.url_name, target, details)
    request.is_audited = True


def public(*methods: str) -> Callable[[View], View]:
    """A view for whoever comes: logging in, and what machines ask."""
    return _ruled(Rule(methods or READING, is_public=True))


def _ruled(rule: Rule) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        guarded = never_cache(require_http_methods(list(rule.methods))(_guarded(view, rule)))
        guarded = login_not_required(guarded) if rule.is_public else guarded
        guarded.rule = rule  # type: ignore[attr-defined]
        return guarded

    return decorate


def _guarded(view: View, rule: Rule) -> View:
    @wraps(view)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if rule.is_public:
            return view(request, *args, **kwargs)
        is_reading = request.method in READING
        least = rule.read if is_reading else rule.write
        if not roles.has(request.user, least):
            raise PermissionDenied(f"This takes the role {least.label if least else ''}.")
        if is_reading or least is None:  # what everybody may do is asking, and has rows of its own
            return view(request, *args, **kwargs)
        with transaction.atomic() if rule.is_atomic else nullcontext():
            return _audited(view, request, args, kwargs, is_atomic=rule.is_atomic)

    return guarded


def _audited(
    view: View, request: Any, args: tuple[Any, ...], kwargs: dict[str, Any], *, is_atomic: bool
) -> HttpResponseBase:
    response = view(request, *args, **kwargs)
    if response.status_code >= 400:
        if is_atomic:
            transaction.set_rollback(True)
    elif getattr(request, "is_audited", False):
        return response
    elif response.status_code >= 300 or hasattr(request, "audited"):  # a form that is shown again changed nothing
        keep(request, getattr(request, "audited", {}))
    return response
