"""Which model embeds, and changing it while questions are answered."""

import json
import sys
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from knowledge import tasks
from knowledge.index import model_change
from knowledge.models import BuildState, Chunk, IndexBuild
from llm.models import Deployment, Endpoint, ServingRole, UsageRecord
from llm.spending import money


class Command(BaseCommand):
    help = "Show the live embedding model and the builds of others, or change it: PROVIDER:MODEL."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", nargs="?", metavar="PROVIDER:MODEL", help="the model that is to embed from now on")
        parser.add_argument("--dimensions", type=int, help="length of its vectors, for models we do not know")
        parser.add_argument("--wait", action="store_true", help="build here and now, not in the task worker")
        parser.add_argument("--yes", action="store_true", help="do not ask before money is spent")
        parser.add_argument("--cancel", action="store_true", help="end the build that is under way")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["cancel"]:
                self._cancel()
            elif options["model"]:
                self._change(options)
            self._show(as_json=options["json"])
        except (model_change.BuildError, Deployment.DoesNotExist) as error:
            raise CommandError(str(error)) from error

    def _cancel(self) -> None:
        build = model_change.under_way()
        if build is None or not model_change.cancel(build.pk):
            raise CommandError("No index is being built.")

    def _change(self, options: dict[str, Any]) -> None:
        wanted = _wanted(options["model"], options["dimensions"])
        build = model_change.under_way_of(wanted) or self._request(wanted, is_agreed=options["yes"])
        if options["wait"]:
            self._build(build)
        else:
            tasks.queue_index_build(build.pk)
            self.stderr.write("The task worker of `make run` builds the index; to build it here add --wait.")
        if settings.EMBED_MODEL not in ("", options["model"]):
            self.stderr.write(
                f"EMBED_MODEL in the settings asks for {settings.EMBED_MODEL}: change it too, or the next set-up goes"
                " back to it."
            )

    def _request(self, wanted: Deployment, *, is_agreed: bool) -> IndexBuild:
        estimate = model_change.estimate(wanted)
        self.stderr.write(_estimated(wanted, estimate))
        if estimate.cost != 0 and not is_agreed:
            _ask()
        return model_change.request(wanted.endpoint, wanted.model, wanted.dimensions or 0)

    def _build(self, build: IndexBuild) -> None:
        with tqdm(unit="passage", desc=build.model[-40:], disable=not sys.stderr.isatty(), leave=False) as bar:
            done = model_change.run(build.pk, on_progress=lambda now: _advance(bar, now))
        if done is None:
            raise CommandError("The task worker has the build already; watch it with: manage.py embedding")
        if done.state != BuildState.LIVE:
            raise CommandError(f"The index was not built: {done.reason or f'the build was {done.state}'}")

    def _show(self, *, as_json: bool) -> None:
        live = Deployment.objects.live(ServingRole.EMBED)
        chunks = Chunk.objects.count()
        builds = [_row(build) for build in IndexBuild.objects.select_related("endpoint").order_by("-id")[:5]]
        if as_json:
            about = {"model": str(live), "dimensions": live.dimensions, "chunks": chunks}
            self.stdout.write(json.dumps({"live": about, "builds": builds}, ensure_ascii=False, indent=2))
            return
        self.stdout.write(f"{live} with {live.dimensions} dimensions embeds {_passages(chunks)}.")
        for row in builds:
            self.stdout.write(_line(row))


def _wanted(name: str, dimensions: int | None) -> Deployment:
    """Raises CommandError when the name or the length says too little."""
    provider, _, model = name.partition(":")
    if not model:
        raise CommandError("Name the model as PROVIDER:MODEL, such as openai:text-embedding-3-small.")
    length = dimensions or model_change.DIMENSIONS.get(model)
    if not length or length < 1:
        raise CommandError(f"Say how long the vectors of {model} are with: --dimensions N")
    endpoint = Endpoint.objects.filter(name=provider).first() or Endpoint(name=provider, provider=provider)
    wanted = model_change.deployment_of(endpoint, model, length)
    model_change.check(wanted)
    if given := getattr(settings, f"{provider.upper()}_BASE_URL", ""):
        endpoint.base_url, endpoint.is_private_allowed = given, True
    endpoint.save()
    return wanted


def _estimated(wanted: Deployment, estimate: model_change.Estimate) -> str:
    cost = money.label(estimate.cost) if not estimate.cost else f"about {money.label(estimate.cost)}"
    return f"{wanted}: {_passages(estimate.chunks)} to embed, about {estimate.tokens:,} tokens, {cost}."


def _passages(count: int) -> str:
    return f"{count:,} passage{'s' * (count != 1)}"


def _ask() -> None:
    if not sys.stdin.isatty():
        raise CommandError("This may cost money; add --yes to go on.")
    if input("Go on? [y/N] ").strip().lower() not in ("y", "yes"):
        raise CommandError("Nothing was changed.")


def _row(build: IndexBuild) -> dict[str, Any]:
    spent = UsageRecord.objects.of_trace(build.trace_id).spent()
    return {
        "id": build.pk,
        "model": str(model_change.target(build)),
        "dimensions": build.dimensions,
        "state": build.state,
        "reason": build.reason or None,
        "chunks_done": build.chunks_done,
        "chunks_total": build.chunks_total,
        "attempts": build.attempts,
        "tokens": spent.tokens,
        "cost_usd": None if spent.cost is None else f"{spent.cost:.8f}",
        "trace_id": build.trace_id,
        "created_at": build.created_at.isoformat(),
        "finished_at": build.finished_at.isoformat() if build.finished_at else None,
    }


def _line(row: dict[str, Any]) -> str:
    cost = money.label(None if row["cost_usd"] is None else Decimal(row["cost_usd"]))
    said = f"  {row['reason']}" if row["reason"] else ""
    return (
        f"build {row['id']}  {row['model']}/{row['dimensions']}  {row['state']}"
        f"  {row['chunks_done']:,} of {_passages(row['chunks_total'])}  {cost}{said}"
    )


def _advance(bar: "tqdm[Any]", build: IndexBuild) -> None:
    bar.total = build.chunks_total or None
    bar.update(build.chunks_done - bar.n)
