from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "dashboard"

    def ready(self) -> None:
        from dashboard.accounts import logins  # noqa: PLC0415  its models are there only now

        logins.connect()
