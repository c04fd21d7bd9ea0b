"""The rows that bots under stress stand on, in a database of its own: `python -m tests.rows.delivery_rows`."""

import os

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from config import setup  # noqa: PLC0415  it needs the settings
    from tests.rows import web_rows  # noqa: PLC0415
    from tests.rows.make import make_collection  # noqa: PLC0415

    setup.migrate()
    setup.deploy_models()
    web_rows.make_document(make_collection())


if __name__ == "__main__":
    main()
