"""The address of a provider is checked like any other that somebody typed."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from foundation import egress
from foundation.egress import EgressError
from llm import endpoints
from llm.completion import ProviderError
from llm.models import Endpoint
from llm.providers.anthropic import AnthropicProvider
from llm.providers.base import Provider
from llm.providers.openai import OpenAIProvider
from tests.fakes.providers.fake import FakeProviders
from tests.rows.prompts import PROMPT


@contextmanager
def canary() -> Iterator[socket.socket]:
    """A port on this machine that must not be connected to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize("vendor", [OpenAIProvider, AnthropicProvider])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f000001", "2130706433", "[::ffff:127.0.0.1]", "127.1"])
def test_a_private_address_of_a_provider_is_not_connected_to(vendor: type[Provider], host: str) -> None:
    with canary() as server:
        provider = vendor(base_url=f"http://{host}:{server.getsockname()[1]}/v1", api_key="sk-any")
        with pytest.raises(ProviderError, match="private network") as raised:
            list(provider.stream(PROMPT, model="m", timeout=5.0))
        assert raised.value.permanent


def test_a_name_that_means_another_address_the_second_time_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["8.8.8.8", "127.0.0.1"])
    connected: list[str] = []

    def look_up(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), 80))]

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    for _ in range(2):
        with pytest.raises((EgressError, Exception)):
            egress.client(is_private_allowed=False).get("http://rebound.example/")
    assert connected == ["8.8.8.8"]


def test_a_redirect_of_a_provider_is_not_followed(fake_providers: FakeProviders) -> None:
    with canary() as other, socket.create_server(("127.0.0.1", 0)) as server:
        target = f"http://127.0.0.1:{other.getsockname()[1]}/"

        def redirect() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(f"HTTP/1.1 307 Go\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode())

        thread = threading.Thread(target=redirect)
        thread.start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}/v1"
        provider = OpenAIProvider(base_url=address, api_key="sk-any", is_private_allowed=True)
        with pytest.raises(ProviderError):
            list(provider.stream(PROMPT, model="m", timeout=5.0))
        thread.join()


def test_what_the_settings_give_may_be_private_and_stays_so_when_they_are_forgotten(
    db: None, settings: Settings
) -> None:
    typed = Endpoint(name="typed", provider="openai", base_url="http://10.0.0.1/v1")
    remembered = Endpoint(name="openai", provider="openai", base_url="http://10.0.0.1/v1", is_private_allowed=True)
    assert not endpoints.is_private_allowed(typed)
    assert endpoints.is_private_allowed(remembered)
    settings.OPENAI_BASE_URL = "http://127.0.0.1:11434/v1"
    assert not endpoints.is_private_allowed(typed), "the settings are about the endpoint of set-up"
    assert endpoints.is_private_allowed(Endpoint(name="openai", provider="openai"))


def test_a_server_is_found_at_any_of_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(egress, "checked_addresses", lambda *_, **__: ["127.0.0.9", "127.0.0.1"])
        backend = egress.CheckedBackend(is_private_allowed=True)
        backend.connect_tcp("localhost", server.getsockname()[1], timeout=5).close()
        server.accept()[0].close()
