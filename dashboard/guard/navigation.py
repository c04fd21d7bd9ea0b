"""The pages of the dashboard, of which everybody sees those that are open to them."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from dashboard.guard import roles
from dashboard.guard.roles import Role

# Name, which is also that of the address and of the icon; what it is called; the least role.
PAGES: tuple[tuple[str, str, Role | None], ...] = (
    ("home", "Overview", None),
    ("ask", "Ask", None),
    ("conversations", "Conversations", Role.VIEWER),
    ("training", "Training", Role.VIEWER),
    ("escalations", "Escalations", Role.VIEWER),
    ("documents", "Documents", Role.VIEWER),
    ("channels", "Channels", Role.VIEWER),
    ("costs", "Costs", Role.VIEWER),
    ("evaluations", "Evaluations", Role.VIEWER),
    ("advice", "Advice", Role.VIEWER),
    ("models", "Models", Role.OWNER),
    ("install", "Set-up", Role.OWNER),
)

# Pages that call themselves otherwise, by the link that leads to them.
WITHIN = {"training": ("review",)}


@dataclass(frozen=True)
class Link:
    """`pages` are those that it stands for: their `page` in the context is one of these names."""

    name: str
    label: str
    url: str

    @property
    def pages(self) -> tuple[str, ...]:
        return (self.name, *WITHIN.get(self.name, ()))


def pages(request: HttpRequest) -> dict[str, object]:
    """For every template: the links of the rail, and whether the reader may review, edit or own."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    links = [Link(name, label, reverse(name)) for name, label, least in PAGES if roles.has(user, least)]
    may = {role.label: roles.has(user, role) for role in Role}
    return {"navigation": links, "may": may}
