"""Settings every test shares: fast password hashing and plain static files."""

import pytest
from pytest_django.fixtures import Settings

pytest_plugins = [
    "tests.fakes.providers.fake",
    "tests.fakes.providers.fine_tuning",
    "tests.fakes.git_server",
    "tests.fakes.web_server",
    "tests.harness.bots",
    "tests.harness.browser",
    "tests.harness.desks",
    "tests.harness.emptying",
    "tests.harness.orders",
    "tests.harness.vectors",
    "tests.dashboard.guard.addresses",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-scripts", action="store_true", help="write down anew what people read in scripts")


@pytest.fixture(autouse=True)
def _fast_settings(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
