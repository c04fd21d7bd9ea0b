"""Which states of a job may follow which; a move is one conditional UPDATE."""

from typing import Any

from tuning.models import OVER, FineTuneJob, JobState

MOVES: dict[JobState, frozenset[JobState]] = {
    JobState.WAITING: frozenset({JobState.UPLOADING, JobState.FAILED, JobState.CANCELLED}),
    JobState.UPLOADING: frozenset({JobState.RUNNING, JobState.FAILED, JobState.CANCELLED}),
    JobState.RUNNING: frozenset({JobState.PAUSED, JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}),
    JobState.PAUSED: frozenset({JobState.RUNNING, JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}),
    JobState.SUCCEEDED: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELLED: frozenset(),
}


class MoveError(RuntimeError):
    """A job is to go from one state to another that may not follow."""


def is_over(job: FineTuneJob) -> bool:
    return job.state in OVER


def move(job: FineTuneJob, state: JobState, **fields: Any) -> bool:
    """Whether the job went into `state`, with these fields; False where somebody else had moved it meanwhile.

    To stay where it is, is no move, and keeps the fields. Raises MoveError.
    """
    current = JobState(job.state)
    if state != current and state not in MOVES[current]:
        raise MoveError(f"Job {job.pk} is {current} and cannot be {state}.")
    changes = {**fields, "state": state}
    if state in OVER:
        changes["lease_until"] = None
    if not FineTuneJob.objects.filter(pk=job.pk, state=current).update(**changes):
        return False
    for name, value in changes.items():
        setattr(job, name, value)
    return True
