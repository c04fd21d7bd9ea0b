"""An install with Django's admin beside the dashboard, which the dashboard is measured against."""

from config.settings import *  # noqa: F403  settings are taken as a whole
from config.settings import INSTALLED_APPS as _APPS
from config.settings import STORAGES as _STORAGES

INSTALLED_APPS = [*_APPS, "django.contrib.admin"]
ROOT_URLCONF = "benchmarks.dashboard_urls"
STORAGES = {
    **_STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
ALLOWED_HOSTS = ["testserver"]
