"""Who answers a question: the model of its channel, else the candidate of a rollout, else the live one."""

from dataclasses import replace

from bot.answers.asking import Asked
from bot.models import Channel, Conversation
from llm.models import Rollout


def assign(asked: Asked, conversation: Conversation, channel: Channel | None = None) -> Asked:
    """The same question, asked of whoever its conversation belongs to.

    A channel with a model of its own takes part in no rollout. All others are drawn, those beside the candidate too, so
    that both can be compared over the same time.
    """
    if channel is not None and channel.deployment is not None:
        return replace(asked, deployment=channel.deployment)
    rollout = Rollout.objects.going()
    if rollout is None:
        return asked
    if rollout.takes(str(conversation.pk)):
        return replace(asked, deployment=rollout.candidate, rollout=rollout.pk, is_candidate=True)
    return replace(asked, rollout=rollout.pk)
