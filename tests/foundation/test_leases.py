"""A claim runs out when its worker dies, and a worker that lost it is told."""

import time
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from foundation import leases
from knowledge.models import Source, Sync
from tests.rows.make import make_collection


@pytest.fixture
def sync(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Sync:
    monkeypatch.setattr(leases, "RENEWED_EVERY", 0.05)
    source = Source.objects.create(collection=make_collection(), kind="folder", location="/there")
    return Sync.objects.create(source=source, trace_id="1" * 32)


def claimed(sync: Sync) -> Sync:
    found = leases.claim(Sync, sync.pk)
    assert found is not None
    return found


def test_one_has_it_and_it_is_renewed_while_the_work_goes_on(sync: Sync) -> None:
    mine = claimed(sync)
    assert leases.claim(Sync, sync.pk) is None
    Sync.objects.update(lease_until=Now() + timedelta(seconds=1))
    with leases.renewed(mine) as lease:
        time.sleep(0.3)
        lease.check()
    assert Sync.objects.filter(lease_until__gt=Now() + timedelta(seconds=60)).exists()
    assert mine.give_back()
    assert list(leases.abandoned(Sync)) == [sync]


def test_whoever_lost_it_is_told_and_changes_nothing(sync: Sync) -> None:
    slow = claimed(sync)
    Sync.objects.update(lease_until=Now() - timedelta(seconds=1))
    with leases.renewed(slow) as lease:
        other = claimed(sync)
        with pytest.raises(leases.LeaseLostError):  # noqa: PT012  it is told within a few renewals
            for _ in range(200):
                time.sleep(0.02)
                lease.check()
    assert not slow.mine().exists()
    assert not slow.give_back()
    assert other.mine().exists()


def test_a_row_is_tried_so_often_and_no_more(sync: Sync) -> None:
    for _ in range(leases.MOST_ATTEMPTS):
        claimed(sync).give_back()
    assert leases.claim(Sync, sync.pk) is None
