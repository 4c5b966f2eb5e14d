"""The pages that the tests of decoding read; torch is imported where they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.books import Book


@pytest.fixture(params=["deepseek-ocr", "deepseek-ocr-2", "unlimited-ocr"])
def each_book(request: pytest.FixtureRequest) -> Book:
    from tests.books import book_of

    return book_of(request.param)


@pytest.fixture
def book() -> Book:
    from tests.books import book_of

    return book_of("deepseek-ocr-2")
