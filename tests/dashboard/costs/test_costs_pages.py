"""Costs agree with the ledger, keys are kept secret, and what an owner changes takes effect."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Sum
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bot.models import Message, Voice
from dashboard.models import AuditEntry
from evaluation.figures import answer_shapes, costs, price_list, rollups, what_if
from evaluation.models.figures import DailyUsage
from knowledge.models import Collection, Document
from knowledge.sources import uploads
from llm import endpoints
from llm.completion import ProviderError
from llm.models import Budget, Deployment, Endpoint, ModelPrice, ServingRole, UsageRecord
from llm.spending import budgets
from tests.fakes.providers.fake import FakeProviders
from tests.rows.web_rows import make_answer, make_models, make_question, make_usage, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client) -> User:
    user = make_user("root", is_superuser=True)
    client.force_login(user)
    return user


def spend(user: User, days_ago: int, number: int, cost: str | None) -> None:
    trace = f"{days_ago:04x}{number:028x}"
    at = timezone.now() - timedelta(days=days_ago)
    answer = make_answer(make_question(user, trace_id=trace), cost=cost)
    Message.objects.filter(trace_id=trace).update(created_at=at)
    usage = make_usage(answer.trace_id, cost)
    UsageRecord.objects.filter(pk=usage.pk).update(created_at=at, input_tokens=1000, output_tokens=50)


def test_the_sums_are_those_of_the_ledger_to_the_last_digit(owner: User) -> None:
    for days in range(12):
        for number in range(4):
            spend(owner, days, number, None if number == 3 else f"0.0012345{days % 10}")
    for _ in range(2):  # before anything is added up, and after
        found = costs.read(30)
        ledger = UsageRecord.objects.aggregate(sum=Sum("cost"))["sum"]
        assert found.total.cost == ledger
        assert (found.total.calls, found.total.unpriced, found.total.answers) == (48, 12, 48)
        for lines in found.by.values():
            assert sum(line.cost for line in lines) == ledger
        assert rollups.roll_up() in (11, 3, 2)
    assert DailyUsage.objects.filter(day=rollups.today()).count() == 0


def test_a_late_thumb_is_counted_when_days_are_added_up_again(owner: User) -> None:
    spend(owner, 1, 1, "0.01")
    rollups.roll_up()
    answer = Message.objects.get(speaker="bot")
    answer.feedback.create(user=owner, is_positive=True)
    rollups.roll_up()
    assert [row["resolution"] for row in rollups.answers(rollups.today() - timedelta(days=3))] == ["confirmed"]


def test_what_if_multiplies_what_pricing_says() -> None:
    ModelPrice.objects.create(
        provider="openai", model="m", input_per_million=2, output_per_million=10, valid_from="2020-01-01T00:00Z"
    )
    case = what_if.Case("openai", "m", k=5, passage_tokens=200, prompt_tokens=500, output_tokens=100, volume=1000)
    assert (case.per_answer, case.per_month) == (Decimal("0.004"), Decimal(4))
    assert case.context_per_month == Decimal(2)
    assert what_if.Case("openai", "unknown-model", 1, 1, 1, 1, 1).labels["per_month"] == "unpriced"


def begun() -> dict[str, object]:
    return what_if.now(answer_shapes.measured(), answer_shapes.volume(), what_if.models())


def test_what_if_begins_with_what_answers_took(client: Client, owner: User) -> None:
    make_models()
    for number in range(4):
        spend(owner, 0, number, "0.01")
    indexed = make_usage("f" * 32, "0.02")
    UsageRecord.objects.filter(pk=indexed.pk).update(purpose="embed_document", input_tokens=900_000)
    tried = make_usage("e" * 32, "0.02")  # of no answer, as when a prompt is tried out
    UsageRecord.objects.filter(pk=tried.pk).update(input_tokens=900_000)
    found = begun()
    assert int(str(found["k"])) * int(str(found["passage_tokens"])) + int(str(found["prompt_tokens"])) == 1000
    assert (found["output_tokens"], found["volume"], found["model"]) == (50, 120, "openai:a-model")
    case = what_if.case(**found)  # type: ignore[arg-type]
    assert (case.k, case.volume, case.cached_tokens) == (1, 120, 0)


def test_what_if_is_empty_where_no_model_has_answered(client: Client, owner: User) -> None:
    """No number that nobody has measured is filled in."""
    make_models()
    assert begun() == {"model": "openai:a-model"}
    page = client.get(reverse("costs")).content.decode()
    assert "No model has written an answer" in page
    assert "This field is required" not in page
    shape = {"volume": 1000, "k": 4, "passage_tokens": 500, "prompt_tokens": 1550, "cached_tokens": 1500}
    asked: dict[str, str | int] = {"model": "openai:gpt-6-luna", "output_tokens": 200, **shape}
    page = client.get(reverse("costs"), asked).content.decode()
    assert "$0.00032" in page
    assert "No price is known for" in client.get(reverse("costs"), {**asked, "model": "openai:nobody"}).content.decode()


def test_a_model_without_a_price_is_nowhere_called_free(client: Client, owner: User) -> None:
    make_models()
    spend(owner, 0, 1, None)
    line = costs.read(7).total
    assert (line.label, line.per_answer, line.per_resolved) == ("unpriced", "unpriced", "unpriced")
    spend(owner, 0, 2, "0.03")
    line = costs.read(7).total
    assert (line.label, line.per_answer) == ("$0.03 and 1 unpriced", "$0.015 or more")
    page = client.get(reverse("costs")).content.decode()
    assert "$0.03 and 1 unpriced" in page
    assert "Free" not in page


def test_prices_are_those_of_ordinary_calls_and_say_what_long_ones_cost(client: Client, owner: User) -> None:
    endpoint = Endpoint.objects.create(name="openai", provider="openai")
    for model in ("gpt-6-luna", "own"):
        Deployment.objects.create(role="answer", endpoint=endpoint, model=model, reason="a test")
    ModelPrice.objects.create(
        provider="openai", model="own", input_per_million="0.025", output_per_million=1, valid_from="2020-01-01T00:00Z"
    )
    listed = {each.model: each for each in price_list.listed_prices()}
    assert listed["openai:gpt-6-luna"].labels == {"input": "$0.10", "cached": "$0.01", "output": "$0.50"}
    assert "tokens of input a call" in listed["openai:gpt-6-luna"].long
    assert (listed["openai:own"].labels["input"], listed["openai:own"].long) == ("$0.025", "")
    page = client.get(reverse("prices")).content.decode()
    assert "$0.025" in page
    assert listed["openai:gpt-6-luna"].long in page


def test_the_pages_of_costs_and_budgets(client: Client, owner: User) -> None:
    make_models()
    spend(owner, 0, 1, "0.25")
    client.post(reverse("budgets"), {"period": "month", "limit": "50", "is_hard": "on"})
    client.post(reverse("budgets"), {"period": "month", "limit": "20"})
    assert [(budgets.label(row), row.is_hard) for row in Budget.objects.all()] == [("$20.00 a month", False)]
    assert "$20.00 a month" in client.get(reverse("budgets")).content.decode()
    page = client.get(reverse("costs") + "?days=7").content.decode()
    assert "$0.25 of $20.00 this month" in page
    assert client.get(reverse("prices")).status_code == 200
    added = {"provider": "openai", "model": "a-*", "input_per_million": "1", "output_per_million": "2"}
    client.post(reverse("prices"), {**added, "valid_from": "2026-01-01 00:00"})
    assert ModelPrice.objects.get().model == "a-*"


def test_a_key_is_encrypted_shown_by_four_signs_and_comes_first(
    client: Client, owner: User, fake_providers: FakeProviders
) -> None:
    make_models()
    form = {"name": "ours", "provider": "openai", "base_url": fake_providers.openai_url, "is_private_allowed": "on"}
    client.post(reverse("new_endpoint"), {**form, "key": fake_providers.key})
    made = Endpoint.objects.get(name="ours")
    assert fake_providers.key not in made.encrypted_key
    assert endpoints.key(made) == fake_providers.key
    for address in (reverse("models"), reverse("endpoint", args=[made.pk]), reverse("audit")):
        page = client.get(address).content.decode()
        assert fake_providers.key not in page, address
    assert "…cdef" in client.get(reverse("models")).content.decode()
    assert fake_providers.key not in str(list(AuditEntry.objects.values_list("details", flat=True)))
    client.post(reverse("endpoint", args=[made.pk]), {**form, "key": ""})
    assert endpoints.key(Endpoint.objects.get(name="ours")) == fake_providers.key, "an empty field changes nothing"
    tried = client.post(reverse("try_endpoint", args=[made.pk]), {"model": "a-model"}).content.decode()
    assert "It said" in tried
    fake_providers.lists.shutdown_date = "2027-01-14"
    tried = client.post(reverse("try_endpoint", args=[made.pk]), {"model": "a-model"}).content.decode()
    assert "retires it on 2027-01-14" in tried


def test_a_key_of_the_settings_goes_to_no_address_of_a_page(settings: object) -> None:
    settings.OPENAI_API_KEY = "sk-of-the-settings"  # type: ignore[attr-defined]
    typed = Endpoint.objects.create(name="typed", provider="openai", base_url="https://elsewhere.example/v1")
    with pytest.raises(ProviderError, match="has no key"):
        endpoints.key(typed)


def test_another_model_goes_live_and_back_with_one_click(
    client: Client, owner: User, fake_providers: FakeProviders
) -> None:
    make_models()
    before = Deployment.objects.live(ServingRole.ANSWER)
    client.post(
        reverse("models"), {"role": "answer", "endpoint": before.endpoint_id, "model": "b-model", "reason": "a try"}
    )
    assert Deployment.objects.live(ServingRole.ANSWER).model == "b-model"
    client.post(reverse("roll_back", args=[before.pk]))
    live = Deployment.objects.live(ServingRole.ANSWER)
    assert (live.model, live.created_by, Deployment.objects.filter(role="answer").count()) == ("a-model", owner, 3)


def test_files_are_taken_shown_as_waiting_and_indexed(
    client: Client, owner: User, settings: object, tmp_path: object
) -> None:
    settings.PARLEY_HOME = tmp_path  # type: ignore[attr-defined]
    make_models()
    public = Collection.objects.create(name="Public")
    files = [
        SimpleUploadedFile("../../etc/Refund policy.md", b"# Refunds\n\nWithin 30 days."),
        SimpleUploadedFile("empty.txt", b""),
    ]
    reply = client.post(
        reverse("upload"), {"files": files, "collection": public.pk}, headers={"Accept": "application/json"}
    )
    assert reply.json() == {"kept": ["Refund policy.md"], "refused": ["empty.txt is empty."]}
    document = Document.objects.get()
    assert (document.state, document.origin.startswith(str(tmp_path))) == ("pending", True)
    assert uploads.lost() == []
    Document.objects.update(updated_at=timezone.now() - uploads.LOST_AFTER)
    assert uploads.lost() == [document.pk], "a job that died with its worker is queued again"
    uploads.index(document.pk)
    document.refresh_from_db()
    assert (document.state, document.title) == ("indexed", "Refunds")
    page = client.get(reverse("document", args=[document.pk])).content.decode()
    assert "Within 30 days." in page
    client.post(reverse("remove_document", args=[document.pk]))
    assert (Document.objects.count(), list(uploads.folder().rglob("*.md"))) == (0, [])


def test_a_voice_gets_versions_and_an_account_a_link(client: Client, owner: User) -> None:
    make_models()
    form = {"name": "default", "person": "we", "banned": "guarantee\nASAP", "style_guide": "Warm."}
    client.post(reverse("new_voice"), form)
    client.post(reverse("voice", args=["default"]), {**form, "style_guide": "Brief."})
    assert list(Voice.objects.order_by("version").values_list("version", "style_guide")) == [
        (1, "Warm."),
        (2, "Brief."),
    ]
    assert Voice.objects.current("default").banned_phrases == ["guarantee", "ASAP"]  # type: ignore[union-attr]
    page = client.post(reverse("people"), {"username": "bea", "role": "reviewer"}).content.decode()
    link = page.split('<p class="path">')[1].split("</p>")[0]
    fresh = Client()
    fresh.post(link.split("8000")[-1] if "8000" in link else "/" + link.split("/", 3)[3])
    assert fresh.get("/review/").status_code == 200
    assert fresh.get("/models/").status_code == 403


def test_no_page_asks_the_database_more_than_twelve_times(
    client: Client, owner: User, django_assert_max_num_queries: object
) -> None:
    make_models()
    for days in range(3):
        spend(owner, days, 1, "0.01")
    rollups.roll_up()
    for name in ("home", "costs", "documents", "review", "escalations", "channels", "models", "install", "people"):
        with django_assert_max_num_queries(12, info=name):  # type: ignore[operator]
            assert client.get(reverse(name)).status_code == 200, name
