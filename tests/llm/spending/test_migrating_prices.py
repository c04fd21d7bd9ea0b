"""A list of prices with slips in it is brought up to date."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

pytestmark = pytest.mark.django_db
BEFORE, AFTER = ("llm", "0003_restyling"), ("llm", "0004_prices_not_negative")


def test_a_negative_price_becomes_unknown() -> None:
    loader = MigrationExecutor(connection).loader
    migration, state = loader.get_migration(*AFTER), loader.project_state(BEFORE)
    with connection.schema_editor() as editor:
        migration.unapply(state.clone(), editor)
    prices = state.apps.get_model("llm", "ModelPrice").objects
    for name, cached, training in (("slip", -1, -3), ("free", 0, 0), ("priced", 1, 2), ("unknown", None, None)):
        prices.create(
            provider="openai", model=name, input_per_million=1, cached_input_per_million=cached,
            training_per_million=training, valid_from=timezone.now(),
        )  # fmt: skip
    with connection.schema_editor() as editor:
        migration.apply(state.clone(), editor)
    kept = set(prices.values_list("model", "cached_input_per_million", "training_per_million"))
    assert kept == {("slip", None, None), ("free", 0, 0), ("priced", 1, 2), ("unknown", None, None)}
