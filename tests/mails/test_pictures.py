"""Every mail looks as it did when somebody last looked at it, on a phone and a desktop, light and dark."""

import pytest

from service.updates import samples
from tests.conftest import ON_POSTGRESQL
from tests.mails import pictures

pytestmark = pytest.mark.skipif(ON_POSTGRESQL, reason="mails look the same whatever the database")
RENEW = "Look at the mails (`headsup mail preview`); if they are right, run `python -m tests.mails.pictures`."


@pytest.fixture(scope="module")
def desk(chromium):
    """An empty page on which pictures are laid beside each other."""
    page = chromium.new_page()
    yield page
    page.close()


@pytest.mark.parametrize("scheme", pictures.SCHEMES)
@pytest.mark.parametrize("width", pictures.WIDTHS)
@pytest.mark.parametrize("name", samples.samples())
def test_a_mail_looks_as_it_did(chromium, desk, name, width, scheme):
    before = pictures.kept(name, width, scheme).read_bytes()

    found = pictures.difference(desk, before, pictures.draw(chromium, name, width, scheme))

    assert found["taller"] < 0.02, RENEW
    assert found["changed"] < 0.01, RENEW


def test_a_changed_mail_is_noticed(chromium, desk):
    light, dark = (pictures.draw(chromium, "receipt", 390, scheme) for scheme in pictures.SCHEMES)
    other = pictures.draw(chromium, "all-clear", 390, "light")

    assert pictures.difference(desk, light, dark)["changed"] > 0.5
    assert pictures.difference(desk, light, other)["changed"] > 0.02


def test_nothing_is_kept_of_mails_that_there_are_no_more():
    wanted = {
        pictures.kept(name, width, scheme)
        for name in samples.samples()
        for width in pictures.WIDTHS
        for scheme in pictures.SCHEMES
    }

    assert set(pictures.KEPT.iterdir()) == wanted
