"""Settings every test shares: fast password hashing and plain static files."""

import pytest
from pytest_django.fixtures import Settings

pytest_plugins = ["tests.fake_providers", "tests.git_server", "tests.web_server", "tests.bots"]


@pytest.fixture(autouse=True)
def _fast_settings(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
