"""Rows that tests stand on, each made by a plain function."""

from pathlib import Path

from knowledge.index import indexing
from knowledge.index.indexing import Indexed
from knowledge.models import Collection, Visibility
from knowledge.originals.base import File, Original
from llm.models import Deployment, Endpoint, PromptVariant, ServingRole


def make_endpoint(provider: str = "local", base_url: str = "") -> Endpoint:
    endpoint, _ = Endpoint.objects.get_or_create(
        name=provider, defaults={"provider": provider, "base_url": base_url, "is_private_allowed": True}
    )
    return endpoint


def make_deployment(
    role: ServingRole = ServingRole.EMBED,
    *,
    provider: str = "local",
    model: str = "all-MiniLM-L6-v2",
    dimensions: int | None = 384,
    base_url: str = "",
) -> Deployment:
    """A model that is live from now on; without arguments, the local embedding model."""
    prompt = PromptVariant.RESTYLE if role == ServingRole.RESTYLE else PromptVariant.FULL
    endpoint = make_endpoint(provider, base_url)
    return Deployment.objects.create(
        role=role, endpoint=endpoint, model=model, dimensions=dimensions, prompt=prompt, reason="a test"
    )


def make_nobody_stand_in() -> Deployment:
    """The decision that nobody answers in place of a model that is down, the documents' own words neither."""
    return make_deployment(ServingRole.FALLBACK, provider="extractive", model="", dimensions=None)


def make_collection(name: str = "Public", visibility: Visibility = Visibility.PUBLIC) -> Collection:
    return Collection.objects.create(name=name, visibility=visibility)


def make_file(folder: Path, name: str, content: str | bytes) -> File:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return File(path, name)


def make_indexed(collection: Collection, *files: Original) -> list[Indexed]:
    """Index the files into the collection; make_deployment comes first."""
    return list(indexing.add(files, collection))
