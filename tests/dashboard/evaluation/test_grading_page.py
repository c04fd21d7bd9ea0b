"""The page on which people grade: blind, one grade a person, and what is said when something came between."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from dashboard.guard import roles
from dashboard.guard.roles import Role
from dashboard.models import AuditEntry
from evaluation.cases import erasing
from evaluation.grades import human_grades
from evaluation.models import EvaluationResult, EvaluationRun, HumanGrade, RunState
from tests.rows.graded import make_graded_run, make_grades, make_result
from tests.rows.web_rows import make_models, make_user

pytestmark = pytest.mark.django_db

TOKEN = re.compile(r'name="(?:token|csrfmiddlewaretoken)" value="([^"]+)"')


@pytest.fixture
def run() -> EvaluationRun:
    make_models()
    return make_graded_run(3)


def reviewer(name: str) -> tuple[Client, User]:
    user = make_user(name)
    roles.give(user, Role.REVIEWER)
    client = Client()
    client.force_login(user)
    return client, user


@pytest.fixture
def ada(run: EvaluationRun) -> tuple[Client, User]:
    return reviewer("ada")


def shown(client: Client, run: EvaluationRun, query: str = "") -> str:
    return client.get(reverse("grade_run", args=[run.pk]) + query).content.decode()


def token(page: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


def send(client: Client, run: EvaluationRun, page: str, **fields: str) -> str:
    given = {"verb": "grade", "token": token(page), "is_factual": "yes", "is_on_brand": "yes", **fields}
    sent = client.post(reverse("grade_run", args=[run.pk]), given, headers={"HX-Request": "true"})
    assert sent.status_code == 200
    return sent.content.decode()


def test_pages_of_two_arms_differ_in_nothing_but_the_answer(ada: tuple[Client, User], run: EvaluationRun) -> None:
    case = run.case_set.cases.earliest("id")
    one, other = run.results.filter(case=case).order_by("arm")
    pages = []
    for result in (one, other):
        key = next(item.key for item in human_grades.items(run) if result.pk in item.results)
        page = TOKEN.sub("a token", shown(ada[0], run, f"?item={key}"))
        said = result.answer.removesuffix(" [1].")
        assert said in page
        pages.append(page.replace(said, "what it says"))
        for told in (result.arm, result.get_arm_display(), str(run.candidate), str(run.live), "900", key):
            assert str(told) not in page
    assert pages[0] == pages[1]
    assert "Annual plans are refunded within 30 days." in pages[0]
    assert "For example:" in pages[0]


def test_neither_scores_nor_what_others_said_is_on_it(ada: tuple[Client, User], run: EvaluationRun) -> None:
    before = TOKEN.sub("", shown(ada[0], run))
    make_grades(list(run.results.order_by("id")), make_user("bea"), "------")
    HumanGrade.objects.update(note="nonsense")
    EvaluationResult.objects.filter(run=run).update(has_passed=False, layer="style", scores={"factual": False})
    key = human_grades.items(run)[0].key
    after = shown(ada[0], run, f"?item={key}")
    assert "nonsense" not in after
    assert "voice" not in re.sub(r"(?s)<details.*?</details>", "", after)
    assert len(re.findall("bad|fail", after)) == len(re.findall("bad|fail", before))


def test_which_arm_comes_first_is_drawn_for_each_case_and_stays(run: EvaluationRun) -> None:
    first = [min(_items(run, case), key=lambda item: item.key).arms for case in run.case_set.cases.all()]
    again = [min(_items(run, case), key=lambda item: item.key).arms for case in run.case_set.cases.all()]
    assert first == again
    many = make_graded_run_of(40)
    began = [min(_items(many, case), key=lambda item: item.key).arms == {"rag"} for case in many.case_set.cases.all()]
    assert 8 < sum(began) < 32


def make_graded_run_of(count: int) -> EvaluationRun:
    HumanGrade.objects.all().delete()
    return make_graded_run(count, name="many")


def _items(run: EvaluationRun, case: object) -> list[human_grades.GradingItem]:
    return [item for item in human_grades.items(run) if item.case == getattr(case, "pk", None)]


def test_a_grade_is_kept_once_and_the_other_answer_of_the_case_comes_next(
    ada: tuple[Client, User], run: EvaluationRun
) -> None:
    page = shown(ada[0], run)
    after = send(ada[0], run, page, is_factual="no", note="It says 30.")
    assert after.startswith('<div id="grading"')
    grade = HumanGrade.objects.get()
    assert (grade.is_factual, grade.is_on_brand, grade.is_rightly_refused) == (False, True, None)
    assert (grade.note, grade.grader, grade.seconds is not None) == ("It says 30.", ada[1], True)
    assert re.search(r"<h1 tabindex=\"-1\">(.+)</h1>", page)[1] == re.search(r"<h1 tabindex=\"-1\">(.+)</h1>", after)[1]  # type: ignore[index]
    send(ada[0], run, page)  # pressed twice
    assert HumanGrade.objects.get().is_factual is False
    assert AuditEntry.objects.filter(action="grade_run").count() == 2
    send(ada[0], run, after)
    assert "1 of 100 cases that are needed are graded" in " ".join(shown(ada[0], run).split())


def test_undo_takes_the_last_one_back_and_shows_it_again(ada: tuple[Client, User], run: EvaluationRun) -> None:
    page = shown(ada[0], run)
    send(ada[0], run, page)
    address = reverse("grade_run", args=[run.pk])
    back = ada[0].post(address, {"verb": "undo"}, headers={"HX-Request": "true"}).content.decode()
    assert "taken back" in back
    assert not HumanGrade.objects.exists()
    assert _said(back) == _said(page)
    again = ada[0].post(address, {"verb": "undo"}, headers={"HX-Request": "true"}).content.decode()
    assert "nothing to take back" in again


def _said(page: str) -> str:
    found = re.search(r'(?s)<div class="answer-text">(.*?)</div>', page)
    assert found is not None
    return found[1]


def test_cannot_tell_takes_a_reason_and_is_a_grade_of_its_own(ada: tuple[Client, User], run: EvaluationRun) -> None:
    page = shown(ada[0], run)
    assert "Say why you cannot tell" in send(ada[0], run, page, verb="skip")
    assert not HumanGrade.objects.exists()
    send(ada[0], run, page, verb="skip", note="I know no zoo.")
    grade = HumanGrade.objects.get()
    assert (grade.is_factual, grade.is_on_brand, grade.note) == (None, None, "I know no zoo.")
    bea, _ = reviewer("bea")
    key = next(item.key for item in human_grades.items(run) if grade.result_id in item.results)
    assert _said(shown(bea, run, f"?item={key}")) == _said(page)
    assert "0 of 100 cases" in " ".join(shown(bea, run).split())


def test_half_an_answer_is_not_kept(ada: tuple[Client, User], run: EvaluationRun) -> None:
    page = shown(ada[0], run)
    assert "Answer every question" in send(ada[0], run, page, is_on_brand="")
    assert "Answer every question" in send(ada[0], run, page, is_rightly_refused="yes")
    assert "too old to be read" in send(ada[0], run, page, token="made:up")
    assert not HumanGrade.objects.exists()


def test_what_came_between_is_said(ada: tuple[Client, User], run: EvaluationRun) -> None:
    page = shown(ada[0], run)
    bea, _ = reviewer("bea")
    key = next(item.key for item in human_grades.items(run) if run.results.get(pk=item.results[0]).answer[:9] in page)
    send(bea, run, shown(bea, run, f"?item={key}"))
    said = send(ada[0], run, shown(ada[0], run, f"?item={key}"))
    assert "meanwhile" not in said  # it was graded before the page was opened
    open_page = shown(ada[0], run)
    result = run.results.get(answer__startswith=_plain(open_page))
    HumanGrade.objects.create(result=result, grader=make_user("cy"), is_factual=True)
    assert "Somebody else has graded that answer meanwhile" in send(ada[0], run, open_page)


def _plain(page: str) -> str:
    return re.sub("<[^>]+>", "", _said(page)).strip().split(" [")[0].removesuffix(" 1.").split(" 1")[0]


def test_an_erased_answer_is_not_graded(ada: tuple[Client, User], run: EvaluationRun) -> None:
    page = shown(ada[0], run)
    erasing.erase_cases(run.case_set.cases.values_list("pk", flat=True))
    assert "was erased, or asked anew" in send(ada[0], run, page)
    assert not HumanGrade.objects.exists()


def test_a_note_is_kept_without_what_a_database_refuses(ada: tuple[Client, User], run: EvaluationRun) -> None:
    send(ada[0], run, shown(ada[0], run), note="It names\x00 another zoo.")
    assert HumanGrade.objects.get().note == "It names another zoo."
    assert "Say why you cannot tell" in send(ada[0], run, shown(ada[0], run), verb="skip", note="\x00")


def test_a_run_that_goes_on_is_graded_when_it_is_done(ada: tuple[Client, User], run: EvaluationRun) -> None:
    page = shown(ada[0], run)
    EvaluationRun.objects.filter(pk=run.pk).update(state=RunState.WAITING)
    assert "gone on with meanwhile" in send(ada[0], run, page)
    assert HumanGrade.objects.count() == 1  # the answer is still the one that was seen
    assert "gone on with meanwhile" in shown(ada[0], run)


def test_what_both_say_word_for_word_is_graded_once_for_both(ada: tuple[Client, User], run: EvaluationRun) -> None:
    case = run.case_set.cases.earliest("id")
    run.results.filter(case=case).delete()
    from_both = [("rag", "Within 30 days [1]."), ("tuned_rag", "Within 30 days [1].")]
    make_both(run, case, from_both)
    item = next(each for each in human_grades.items(run) if each.case == case.pk)
    page = shown(ada[0], run, f"?item={item.key}")
    assert "word for word alike" in page
    send(ada[0], run, page)
    assert HumanGrade.objects.count() == 2
    assert "1 of 5 answers graded by you; 1 of 100 cases" in " ".join(shown(ada[0], run).split())
    ada[0].post(reverse("grade_run", args=[run.pk]), {"verb": "undo"})
    assert not HumanGrade.objects.exists()


def make_both(run: EvaluationRun, case: object, said: list[tuple[str, str]]) -> None:
    for arm, text in said:
        make_result(run, case, arm, text)  # type: ignore[arg-type]


def test_without_javascript_the_next_page_follows(ada: tuple[Client, User], run: EvaluationRun) -> None:
    given = {"verb": "grade", "token": token(shown(ada[0], run)), "is_factual": "yes", "is_on_brand": "no"}
    sent = ada[0].post(reverse("grade_run", args=[run.pk]), given)
    assert sent.headers["Location"] == reverse("grade_run", args=[run.pk])
    assert HumanGrade.objects.get().is_on_brand is False


def test_viewers_do_not_grade(client: Client, run: EvaluationRun) -> None:
    user = make_user("vic")
    roles.give(user, Role.VIEWER)
    client.force_login(user)
    assert client.get(reverse("grade_run", args=[run.pk])).status_code == 403
