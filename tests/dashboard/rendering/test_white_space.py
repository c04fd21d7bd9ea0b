"""White space of the templates that a reader would see, or that would show a cell with nothing in it."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from dashboard.guard import roles
from dashboard.guard.roles import Role
from llm.models import Deployment, ServingRole
from tests.rows.web_rows import make_user

pytestmark = pytest.mark.django_db

Things = dict[str, dict[str, object]]


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(make_user("keeper", is_superuser=True))
    return client


def test_a_difference_has_the_white_space_of_the_texts_alone(owner: Client, things: Things) -> None:
    owner.get(reverse("review_item", kwargs=things["review_item"]))  # which claims it
    reply = owner.post(reverse("review_draft", kwargs=things["review_draft"]), {"answer": "Within 31  days\n  [1]."})
    found = re.search(r'<div id="diff"[^>]*>(.*?)</div>', reply.content.decode(), re.DOTALL)
    assert found is not None
    shown = re.sub(r"<del>.*?</del\s*>|</?ins\s*>", "", found[1], flags=re.DOTALL)
    assert shown == "Within 31  days\n  [1]."


def test_a_cell_with_nothing_in_it_is_empty_so_that_phones_leave_its_line_out(owner: Client, things: Things) -> None:
    roles.give(make_user("gone"), Role.VIEWER)
    User.objects.filter(username="gone").update(is_active=False)
    live = Deployment.objects.live(ServingRole.EMBED)
    Deployment.objects.create(role=live.role, endpoint=live.endpoint, model="another", dimensions=384, reason="a test")
    owner.post(reverse("claim", kwargs=things["claim"]))
    for name in (
        "people",
        "audit",
        "models",
        "review",
        "examples",
        "conversations",
        "documents",
        "sources",
        "channels",
    ):
        page = owner.get(reverse(name)).content.decode()
        assert re.findall(r"<td[^>]*>\s+</td>", page) == [], name
