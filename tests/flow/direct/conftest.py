"""One daemon for all tests of direct OCR."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests import api
from tests.flow.direct.serving import assert_nothing_stays, served
from tests.installation import Installation


@pytest.fixture(scope="package")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with served(tmp_path_factory.mktemp("direct")) as daemon:
        yield daemon


@pytest.fixture
def client(daemon: Installation) -> Iterator[httpx2.Client]:
    with api.asking(daemon) as client:
        yield client
    assert_nothing_stays(daemon)
