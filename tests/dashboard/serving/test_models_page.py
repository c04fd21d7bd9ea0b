"""Which model is live for what, as the page sets it: in the words it was trained on, and off again."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from bot.answers import prompts
from bot.answers.trace import Retold, Trace
from bot.models import Message, Voice
from dashboard.models import AuditEntry
from llm.models import Deployment, Endpoint, PromptVariant, ServingRole
from tests.fakes.providers.fake import FakeProviders
from tests.rows.examples import make_dataset
from tests.rows.web_rows import make_answer, make_models, make_question, make_user
from tuning.models import ModelVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client, fake_providers: FakeProviders) -> User:
    make_models()
    user = make_user("root", is_superuser=True)
    client.force_login(user)
    return user


def make_version(prompt: PromptVariant, *, template_hash: str = "") -> ModelVersion:
    return ModelVersion.objects.create(
        endpoint=Endpoint.objects.get(name="openai"), model=f"tuned-{prompt}", base="small", prompt=prompt,
        dataset=make_dataset(f"of {prompt}", prompt=prompt),
        template_hash=template_hash or prompts.template_hash(prompt),
    )  # fmt: skip


def let_serve(client: Client, role: str, model: str) -> str:
    form = {"role": role, "endpoint": Endpoint.objects.get(name="openai").pk, "model": model, "reason": "a try"}
    return client.post(reverse("models"), form, follow=True).content.decode()


def test_a_restyler_goes_live_and_is_switched_off(client: Client, owner: User) -> None:
    make_version(PromptVariant.RESTYLE)
    assert "openai:tuned-restyle is live for Restyle." in let_serve(client, "restyle", "tuned-restyle")
    live = Deployment.objects.restyler()
    assert live is not None
    page = client.get(reverse("models")).content.decode()
    assert reverse("switch_off", args=[live.pk]) in page
    said = client.post(reverse("switch_off", args=[live.pk]), follow=True).content.decode()
    assert "Restyle: nobody from now on." in said
    assert Deployment.objects.restyler() is None
    assert reverse("switch_off", args=[live.pk]) not in said
    assert AuditEntry.objects.filter(action="switch_off", actor=owner).exists()
    assert "It is off already." in client.post(reverse("switch_off", args=[live.pk]), follow=True).content.decode()
    client.post(reverse("roll_back", args=[live.pk]))
    assert str(Deployment.objects.restyler()) == "openai:tuned-restyle"


@pytest.mark.usefixtures("owner")
def test_what_answers_is_not_switched_off(client: Client) -> None:
    live = Deployment.objects.live(ServingRole.ANSWER)
    assert "Somebody has to answer" in client.post(reverse("switch_off", args=[live.pk]), follow=True).content.decode()
    assert Deployment.objects.live(ServingRole.ANSWER) == live


@pytest.mark.usefixtures("owner")
def test_a_model_is_asked_in_the_words_it_was_trained_on_or_not_at_all(client: Client) -> None:
    make_version(PromptVariant.RESTYLE)
    make_version(PromptVariant.SHORT)
    let_serve(client, "answer", "tuned-short")
    assert Deployment.objects.live(ServingRole.ANSWER).prompt == "short"
    for role, model, refusal in (
        ("answer", "tuned-restyle", "answers no questions"),
        ("fallback", "tuned-restyle", "answers no questions"),
        ("restyle", "tuned-short", "not to say answers again"),
    ):
        assert refusal in let_serve(client, role, model)
    ModelVersion.objects.update(template_hash="0" * 64)
    for role, model in (("answer", "tuned-short"), ("restyle", "tuned-restyle")):
        assert "another wording" in let_serve(client, role, model)
    assert [row.model for row in Deployment.objects.newest()] == ["tuned-short", "all-MiniLM-L6-v2", "a-model"]


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize(
    ("retold", "said"),
    [
        (Retold("openai:sailor", "As quoted [1]", 1, 1), "Every fact stayed as it was quoted."),
        (Retold("openai:sailor", "As quoted [1]", 2, 1, ("gained: Admins",)), "1 of 2 parts"),
        (Retold("openai:sailor", "As quoted [1]", 1, 0, ("lost: 30",)), "did not keep to what was quoted"),
        (Retold("openai:sailor", "As quoted [1]", 1, 0, (), "It was down."), "gave nothing that could be shown"),
    ],
)
def test_reviewers_see_what_became_of_the_voice(client: Client, retold: Retold, said: str) -> None:
    answer = make_answer(make_question(User.objects.get()))
    Message.objects.filter(pk=answer.pk).update(trace=Trace(retold=retold).as_json())
    page = client.get(reverse("transcript", args=[answer.conversation_id])).content.decode()
    for shown in (said, "As quoted [1]", *retold.faults, retold.error):
        assert shown in page


@pytest.mark.usefixtures("owner")
def test_the_page_of_voices_says_where_the_default_speaks(client: Client) -> None:
    Voice.objects.create(name="support", version=1)
    assert "No voice is called <code>default</code>" in client.get(reverse("voices")).content.decode()
    Voice.objects.create(name="default", version=1)
    assert "speaks on the page Ask, in the terminal" in client.get(reverse("voices")).content.decode()
