"""The groups of tests that stay on one worker: each is there, and none that shares a fixture was forgotten."""

from __future__ import annotations

from tests.schedule import LONGEST_FIRST, group_of

from .tree import REPOSITORY, TESTS


def test_groups_are_there() -> None:
    """A file or a folder that was renamed would no longer be together, or begin late, and nobody would notice."""
    assert [group for group in LONGEST_FIRST if not (REPOSITORY / group).exists()] == []
    assert len(set(LONGEST_FIRST)) == len(LONGEST_FIRST)


def test_folders_that_share_a_fixture_stay_together() -> None:
    """On two workers there would be two gateways of a package's, each with half of the tests."""
    sharing = [file.parent for file in TESTS.rglob("conftest.py") if 'scope="package"' in file.read_text("utf-8")]
    folders = {folder.relative_to(REPOSITORY).as_posix() for folder in sharing}
    assert folders - set(LONGEST_FIRST) == set()


def test_a_file_is_a_group_of_its_own_unless_its_folder_is_one() -> None:
    """Whatever a test's parameters hold."""
    assert group_of("tests/clients/test_clients.py::test_client[a/b::c@d]") == "tests/clients"
    assert group_of("tests/unit/test_ids.py::test_seeded[::]") == "tests/unit/test_ids.py"
    assert group_of("tests/clients_of_ours.py::test") == "tests/clients_of_ours.py"
