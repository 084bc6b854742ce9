"""The template read with few parameters and with all."""

import pytest

from tests.deploy.cloudformation import EVERYTHING, Stack


@pytest.fixture(scope="session")
def small() -> Stack:
    return Stack(Stage="dev")


@pytest.fixture(scope="session")
def full() -> Stack:
    return Stack(**EVERYTHING)
