"""A service with the shipped model for the generated clients."""

from collections.abc import Iterator

import pytest

from app.settings import SHIPPED_MODELS
from tests.system.running import Service, running


@pytest.fixture(scope="package")
def service() -> Iterator[Service]:
    """Running while the tests of this folder do."""
    with running(SHIPPED_MODELS / "booking") as service:
        yield service
