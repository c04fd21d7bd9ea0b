"""Who asks for a person is understood in four languages; who asks about people is not handed to one."""

import time

import pytest

from bot.inbox.wishes import wants_person


@pytest.mark.parametrize(
    "text",
    [
        "talk to a human",
        "Human, please!",
        "I want to speak to an agent",
        "I\u2019d like to talk to a real person about my invoice.",
        "Hi, can I speak with someone from your support team?",
        "This does not help. Please connect me to a human agent",
        "Can I talk to a human?",
        "How do I talk to a human?",
        "get me a human",
        "could you transfer me to a representative please",
        "Is there a person here I can talk to?",
        "I need to talk to support",
        "I want a human, not a bot",
        "Ich möchte mit einem Menschen sprechen.",
        "Kann ich bitte mit einem Mitarbeiter sprechen?",
        "Ich würde gerne mit jemandem über meine Rechnung reden",
        "Verbinden Sie mich bitte mit einem Berater",
        "Moechte ich nicht verstehen? Ich moechte mit jemandem vom Support sprechen!",
        "Mensch bitte",
        "Je voudrais parler à un conseiller",
        "Bonjour, puis-je parler à une vraie personne ?",
        "Passez-moi un humain s'il vous plaît",
        "Parler à un être humain, svp",
        "J\u2019aimerais parler avec quelqu\u2019un",
        "Quiero hablar con una persona",
        "¿Puedo hablar con un agente, por favor?",
        "Sí, necesito hablar con alguien de soporte",
        "Páseme con un asesor",
        "un humano, por favor",
    ],
)
def test_a_wish_for_a_person_is_understood(text: str) -> None:
    assert wants_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "What does the human resources page say?",
        "I want to talk to human resources about my contract",
        "Can I talk to a human resources person?",
        "I don't want to talk to a human",
        "Can my users talk to an agent in the Basic plan?",
        "Can I chat with an agent for free on the Basic plan?",
        "If I want to talk to a human, what do I press?",
        'What happens when a customer writes "I want to speak to an agent"?',
        "> talk to a human\nWhat does this mean?",
        "How do I add a person to my team?",
        "How many agents can speak to a customer at once?",
        "I want a human-readable report",
        "I need a live agent on every server",
        "I need an agent installed on every server",
        "Does the agent talk to a person's phone?",
        "Which human can approve a refund?",
        "human error",
        "agent",
        "Ich möchte nicht mit einem Menschen sprechen",
        "Wie lege ich einen Mitarbeiter an?",
        "Wann darf ein Kunde mit einem Mitarbeiter sprechen?",
        "Wenn ich mit einem Menschen sprechen will, was tue ich?",
        "Comment ajouter une personne à mon équipe ?",
        "Je ne veux parler à personne",
        "Si je veux parler à un humain, que faire ?",
        "No quiero hablar con una persona",
        "¿Cuántos agentes pueden hablar con una persona?",
        "Cuando quiero hablar con alguien, ¿qué hago?",
        "",
    ],
)
def test_a_question_about_people_is_no_wish(text: str) -> None:
    assert not wants_person(text)


def test_the_longest_question_is_judged_in_no_time() -> None:
    started = time.process_time()
    for text in ("i want to talk to a " * 200, "(" * 4000, "hi " * 1300, "please, " * 500, "`" * 4000, '"' * 3999):
        assert not wants_person(text)
    assert time.process_time() - started < 1.0
