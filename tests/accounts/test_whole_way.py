"""A scripted phone goes the whole way; through the local cloud: tests/cloud."""

import pytest

from tests.accounts.conftest import mailed_code
from tests.accounts.whole_way import Place, walk


@pytest.mark.postgres  # with the other tests of a running server
@pytest.mark.enable_socket
@pytest.mark.usefixtures("mandatory")
@pytest.mark.django_db(transaction=True)
def test_a_phone_goes_the_whole_way(live_server):
    walk(Place(live_server.url, lambda _email: mailed_code()), "carol@example.com")
