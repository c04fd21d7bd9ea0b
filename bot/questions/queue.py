"""The queue of questions: which is next, and whose it is."""

from django.db import connection

from bot import outbox
from bot.models import Question
from foundation import failpoints

# The oldest question of each conversation that nobody works on, in the order of the queue.
CLAIM = """
UPDATE bot_question SET state = 'answering', attempts = attempts + 1,
  lease_until = now() + make_interval(secs => %(lease)s),
  started_at = coalesce(started_at, now())
WHERE id = (
  SELECT q.id FROM bot_question q
  WHERE q.platform = ANY(%(platforms)s)
    AND (q.state = 'waiting' OR (q.state = 'answering' AND q.lease_until < now()))
    AND NOT EXISTS (
      SELECT 1 FROM bot_question e
      WHERE e.conversation_id = q.conversation_id AND e.id < q.id AND e.state IN ('waiting', 'answering', 'delivering')
    )
  ORDER BY q.ranked_at, q.id FOR UPDATE OF q SKIP LOCKED LIMIT 1
)
RETURNING id
"""

# Those that have waited for longer than a moment, with how many are before each.
PLACES = """
SELECT id, before FROM (
  SELECT id, created_at, row_number() OVER (ORDER BY ranked_at, id) - 1 AS before
  FROM bot_question WHERE platform = ANY(%(platforms)s) AND state = 'waiting'
) waiting
WHERE created_at < now() - make_interval(secs => %(seconds)s) ORDER BY before LIMIT %(most)s
"""


def claim(platforms: list[str]) -> Question | None:
    """The next question to answer, ours for one lease; None when there is none."""
    pk = outbox.claimed(CLAIM, platforms)
    if pk is None:
        return None
    failpoints.reach("worker.claimed")
    return Question.objects.select_related("channel__workspace", "conversation", "channel__deployment__endpoint").get(
        pk=pk
    )


def places(platforms: list[str], *, seconds: float, most: int) -> dict[int, int]:
    """How many questions are before each, by its id: of the `most` that come next and have waited for `seconds`."""
    with connection.cursor() as cursor:
        cursor.execute(PLACES, {"platforms": platforms, "seconds": seconds, "most": most})
        return {int(pk): int(before) for pk, before in cursor.fetchall()}
