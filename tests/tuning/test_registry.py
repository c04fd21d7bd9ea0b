"""The registry: what is registered, what may serve, what ends."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from bot.answers import prompts
from bot.voices import restyling
from llm import trials
from llm.models import Deployment, Endpoint, PromptVariant, Rollout, ServingRole
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.rows.examples import make_examples
from tests.rows.make import make_deployment
from tuning import expiry
from tuning.datasets.freezing import freeze
from tuning.models import ModelVersion
from tuning.registry import deploying, lineage, versions
from tuning.registry.versions import RegistryError

pytestmark = pytest.mark.django_db


@pytest.fixture
def tuned(fake_providers: FakeProviders) -> ModelVersion:
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider="openai", model="base-model", dimensions=None)
    make_examples(12)
    dataset = freeze("first", prompt=PromptVariant.SHORT)
    return versions.register(Endpoint.objects.get(name="openai"), "ft:voice", base="base-model", dataset=dataset)


def test_a_version_is_let_answer_in_the_words_it_learnt_and_taken_back(tuned: ModelVersion) -> None:
    row = deploying.deploy(tuned, reason="it sounds like us", by=None)
    assert (str(row), row.prompt) == ("openai:ft:voice", "short")
    assert versions.live() == tuned
    back = deploying.roll_back(by=None)
    assert (str(back), back.prompt) == ("openai:base-model", "full")
    assert ModelVersion.objects.filter(model="base-model", base="").exists()  # there is always one to go back to
    assert str(deploying.roll_back(by=None)) == "openai:ft:voice"
    assert Deployment.objects.live(ServingRole.ANSWER).prompt == "short"


def test_a_version_trained_on_other_words_may_not_serve(tuned: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompts, "PASSAGE", "<{number}> {heading}\n{text}")
    with pytest.raises(RegistryError, match="another wording"):
        deploying.deploy(tuned, reason="all the same", by=None)
    assert str(Deployment.objects.live(ServingRole.ANSWER)) == "openai:base-model"


@pytest.mark.parametrize("role", [ServingRole.ANSWER, ServingRole.FALLBACK, ServingRole.RESTYLE])
def test_nor_by_its_name_in_whatever_role(tuned: ModelVersion, role: ServingRole) -> None:
    stale = make_restyler(tuned.endpoint) if role == ServingRole.RESTYLE else tuned
    Deployment.objects.create(role=role, endpoint=stale.endpoint, model=stale.model, prompt=stale.prompt, reason="then")
    row = Deployment.objects.latest("id")
    ModelVersion.objects.update(template_hash="0" * 64)
    with pytest.raises(RegistryError, match="another wording"):
        deploying.serve(role, stale.endpoint, stale.model, reason="all the same", by=None)
    with pytest.raises(RegistryError, match="another wording"):
        deploying.serve_again(row, reason="all the same", by=None)
    assert Deployment.objects.latest("id") == row


def test_a_mistyped_name_is_not_registered(tuned: ModelVersion, fake_providers: FakeProviders) -> None:
    fake_providers.script(Refusal(404, "The model basemodel does not exist."))
    with pytest.raises(RegistryError, match="does not exist"):
        deploying.serve(ServingRole.ANSWER, tuned.endpoint, "basemodel", reason="a slip", by=None)
    assert list(ModelVersion.objects.all()) == [tuned]
    assert str(deploying.serve(ServingRole.ANSWER, tuned.endpoint, "other", reason="so", by=None)) == "openai:other"
    assert versions.live() == ModelVersion.objects.get(model="other")


def test_a_version_that_does_not_answer_is_not_let_serve(tuned: ModelVersion, fake_providers: FakeProviders) -> None:
    fake_providers.script(Refusal(404, "The model ft:voice does not exist."))
    with pytest.raises(RegistryError, match=r"does not answer.*does not exist"):
        deploying.deploy(tuned, reason="it sounds like us", by=None)
    assert str(Deployment.objects.live(ServingRole.ANSWER)) == "openai:base-model"


def test_a_rollback_passes_over_what_does_not_answer_any_more(
    tuned: ModelVersion, fake_providers: FakeProviders
) -> None:
    deploying.deploy(tuned, reason="it sounds like us", by=None)
    later = versions.register(tuned.endpoint, "ft:later", base="base-model", dataset=tuned.dataset)
    deploying.deploy(later, reason="better still", by=None)
    fake_providers.script(Refusal(404, "The model ft:voice is retired."))
    back = deploying.roll_back(by=None)
    assert (str(back), "ft:voice is retired" in back.reason) == ("openai:base-model", True)
    gone = [Refusal(404, "Gone.")] * 2
    fake_providers.script(*gone)
    with pytest.raises(RegistryError, match="None of those before can serve"):
        deploying.roll_back(by=None)


def test_a_rollback_waits_less_than_ten_seconds_however_many_hang(
    tuned: ModelVersion, fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What each model may take at most is added up, so that nobody has to wait for it."""
    for number in range(6):
        later = versions.register(tuned.endpoint, f"ft:{number}", base="base-model", dataset=tuned.dataset)
        deploying.deploy(later, reason="better still", by=None)
    waited: list[float] = []
    run = trials.run

    def counted(endpoint: Endpoint, model: str, *, seconds: float) -> trials.Trial:
        waited.append(seconds)
        return run(endpoint, model, seconds=seconds)

    monkeypatch.setattr(trials, "run", counted)
    fake_providers.script(*[Refusal(404, "Gone.")] * 7)
    with pytest.raises(RegistryError, match="None of those before can serve"):
        deploying.roll_back(by=None)
    assert (len(waited), waited[0], sum(waited) < 10) == (6, 6.0, True)


def test_while_a_rollout_goes_a_rollback_asks_no_model_at_all(
    tuned: ModelVersion, fake_providers: FakeProviders
) -> None:
    live = Deployment.objects.live(ServingRole.ANSWER)
    rollout = Rollout.objects.create(
        endpoint=tuned.endpoint, model=tuned.model, beside=live, percent=50, salt="s", reason="a test"
    )
    assert deploying.roll_back(by=None) == live
    rollout.refresh_from_db()
    assert (rollout.state, rollout.why, fake_providers.requests) == (
        "withdrawn", "Rolled back to openai:base-model.", []
    )  # fmt: skip


def test_the_base_stands_in_for_a_tuned_model_unless_somebody_decided_otherwise(tuned: ModelVersion) -> None:
    deploying.deploy(tuned, reason="it sounds like us", by=None)
    stand_in = Deployment.objects.live(ServingRole.FALLBACK)
    assert (str(stand_in), stand_in.prompt) == ("openai:base-model", "full")
    nobody = Deployment(role=ServingRole.FALLBACK, endpoint=tuned.endpoint)
    Deployment.objects.append(nobody, reason="nobody", by=None)
    later = versions.register(tuned.endpoint, "ft:later", base="base-model", dataset=tuned.dataset)
    deploying.deploy(later, reason="better still", by=None)
    assert Deployment.objects.live(ServingRole.FALLBACK).model == ""


def test_a_reason_and_a_name_are_needed(tuned: ModelVersion) -> None:
    with pytest.raises(RegistryError, match="Say why"):
        deploying.deploy(tuned, reason=" ", by=None)
    with pytest.raises(RegistryError, match="called at its endpoint"):
        versions.register(tuned.endpoint, " ")
    with pytest.raises(RegistryError, match="No other model"):
        deploying.roll_back(by=None)


def test_registering_again_changes_nothing(tuned: ModelVersion) -> None:
    assert versions.wording_for(ServingRole.ANSWER, tuned.endpoint, "ft:voice") == PromptVariant.SHORT
    again = versions.register(tuned.endpoint, "ft:voice", base="base-model", dataset=tuned.dataset)
    assert again == tuned
    make_examples(11)
    with pytest.raises(RegistryError, match="registered already"):
        versions.register(tuned.endpoint, "ft:voice", base="base-model", dataset=freeze("second"))


def test_lineage_names_the_examples_and_the_versions_that_an_erasure_touches(tuned: ModelVersion) -> None:
    taught = lineage.taught(tuned)
    first = taught[0].example
    assert first is not None
    assert list(ModelVersion.objects.touched_by(type(first).objects.filter(pk=first.pk))) == [tuned]
    first.delete()
    assert lineage.taught(tuned).filter(example=None).count() == 1


def test_the_end_of_a_version_is_told_in_time(tuned: ModelVersion) -> None:
    today = date(2026, 12, 1)
    for days, expected in ((91, []), (90, [90]), (31, [90]), (30, [30]), (7, [7]), (0, [7]), (-1, [7])):
        ModelVersion.objects.filter(pk=tuned.pk).update(retires_on=today + timedelta(days=days))
        assert [each.threshold for each in expiry.endings(today)] == expected


def make_restyler(endpoint: Endpoint) -> ModelVersion:
    return ModelVersion.objects.create(
        endpoint=endpoint, model="sailor", base="small", prompt=PromptVariant.RESTYLE,
        template_hash=prompts.template_hash(PromptVariant.RESTYLE),
    )  # fmt: skip


def test_a_restyler_is_let_restyle_and_never_answer(tuned: ModelVersion) -> None:
    restyler = make_restyler(tuned.endpoint)
    row = deploying.deploy(restyler, reason="it sounds like us", by=None)
    assert (row.role, row.prompt, Deployment.objects.restyler()) == ("restyle", "restyle", row)
    assert versions.is_live(restyler)
    assert str(Deployment.objects.live(ServingRole.ANSWER)) == "openai:base-model"
    with pytest.raises(RegistryError, match="answers no questions"):
        versions.wording_for(ServingRole.ANSWER, restyler.endpoint, restyler.model)
    with pytest.raises(RegistryError, match="not to say answers again"):
        versions.wording_for(ServingRole.RESTYLE, tuned.endpoint, tuned.model)
    Deployment.objects.create(role=ServingRole.RESTYLE, endpoint=row.endpoint, prompt=row.prompt, reason="off")
    assert Deployment.objects.restyler() is None
    assert not versions.is_live(restyler)
    assert str(deploying.roll_back(by=None, role=ServingRole.RESTYLE)) == "openai:sailor"


def test_the_database_takes_no_restyler_for_a_model_that_answers(tuned: ModelVersion) -> None:
    for role, prompt in ((ServingRole.ANSWER, PromptVariant.RESTYLE), (ServingRole.RESTYLE, PromptVariant.SHORT)):
        with pytest.raises(IntegrityError, match="restylers_restyle"), transaction.atomic():
            Deployment.objects.create(role=role, endpoint=tuned.endpoint, model="x", prompt=prompt, reason="a test")


def test_a_restyler_that_learnt_other_words_may_not_serve(tuned: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    restyler = make_restyler(tuned.endpoint)
    monkeypatch.setattr(restyling, "SYSTEM", "Talk like a pirate.")
    with pytest.raises(RegistryError, match="another wording"):
        deploying.deploy(restyler, reason="all the same", by=None)


def test_however_many_end_what_serves_is_read_once(tuned: ModelVersion) -> None:
    sailor = make_restyler(tuned.endpoint)
    deploying.deploy(sailor, reason="it sounds like us", by=None)
    today, counts = date(2026, 12, 1), []
    for number in range(2):
        versions.register(tuned.endpoint, f"ended-{number}")
        ModelVersion.objects.update(retires_on=today)
        with CaptureQueriesContext(connection) as queries:
            found = expiry.endings(today)
        counts.append(len(queries))
    assert (counts[0], found[0].version, found[0].is_live) == (counts[1], sailor, True)
    assert found[0].sentence.endswith("It says answers again now.")
    assert [str(each.version) for each in found if each.is_live] == ["openai:sailor", "openai:base-model"]
