"""What a resolved question is.

Confirmed: somebody said so. Assumed: it was answered and nobody said anything. Escalated: a person took it. Abandoned:
it had no answer, or a wrong one, and nobody took it.
"""

RESOLUTIONS = ("confirmed", "assumed", "escalated", "abandoned")
RESOLVED = ("confirmed", "assumed")  # told apart on every page; a cost per resolved question counts both

# Over the answers `m`, joined as below.
OF_ANSWER = """
  CASE
    WHEN e.id IS NOT NULL OR m.outcome = 'escalated' THEN 'escalated'
    WHEN m.outcome = 'answered' AND f.is_positive THEN 'confirmed'
    WHEN m.outcome = 'answered' AND f.is_positive IS NULL THEN 'assumed'
    ELSE 'abandoned'
  END
"""
JOINED = """
LEFT JOIN bot_question q ON q.answer_id = m.id
LEFT JOIN bot_escalation e ON e.question_id = q.id
LEFT JOIN LATERAL (
  SELECT is_positive FROM bot_feedback WHERE message_id = m.id ORDER BY updated_at DESC LIMIT 1
) f ON true
"""
