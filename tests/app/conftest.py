"""Fixtures of the service's tests."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.app.serving import serving
from tests.fakes import FakeTagger


@pytest.fixture
def anyio_backend() -> str:
    """The service runs on asyncio."""
    return "asyncio"


@pytest.fixture
async def client(anyio_backend: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service with one fake model."""
    async with serving(FakeTagger()) as client:
        yield client
