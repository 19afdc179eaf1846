"""What a fresh clone relies on."""

import re
import tomllib

from tests.house.repository import ROOT, files

# Put together here, so that this file names none either.
HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"))]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock")


def names_in(lock):
    return set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / lock).read_text(), re.MULTILINE))


def name_of(requirement):
    return re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower()


def test_no_tracked_file_names_a_registry():
    found = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in files("*")
        if path.stat().st_size < 2_000_000
        for host in HOSTS
        if host.encode() in path.read_bytes()
    ]

    assert found == []


def test_the_locks_pin_what_the_project_needs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime = {name_of(each) for each in project["project"]["dependencies"]}
    runtime |= {name_of(each) for each in project["project"]["optional-dependencies"]["postgres"]}
    develop = {name_of(each) for each in project["dependency-groups"]["dev"]}
    build = {name_of(each) for each in project["build-system"]["requires"]}

    assert runtime <= names_in("requirements.lock")
    assert runtime | develop <= names_in("requirements-dev.lock")
    assert build <= names_in("requirements-build.lock")


def test_everything_locked_has_a_hash():
    for lock in LOCKS:
        entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip())
        assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_runtime_and_development_use_the_same_versions():
    pins = [set(re.findall(r"^(\S+==\S+)", (ROOT / lock).read_text(), re.MULTILINE)) for lock in LOCKS]

    assert pins[0] <= pins[1]
    assert pins[2] <= pins[1]


def test_the_makefile_offers_what_the_docs_name():
    makefile = (ROOT / "Makefile").read_text()
    named = set(
        re.findall(r"`make ([a-z]+)`", (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text())
    )

    assert {"run", "test"} <= named
    assert [target for target in named if f"\n{target}:" not in makefile] == []


def test_ci_runs_what_a_developer_runs():
    script = (ROOT / ".ci/run").read_text()

    assert "make test" in script
    assert "make check" in script
