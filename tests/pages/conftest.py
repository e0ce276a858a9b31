from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.visiting import visitor, with_sample


@pytest.fixture
def app() -> Iterator[AppTest]:
    yield from visitor()


@pytest.fixture
def sample(app: AppTest) -> AppTest:
    return with_sample(app)


@pytest.fixture(scope="module")
def swept() -> Iterator[AppTest]:
    """The sample for tests that go from page to page and only look, or move the slider: it is swept once for them."""
    for app in visitor():
        yield with_sample(app)
