"""Zips: nothing is written to disk, nothing outside is read, and one bad member is one student's problem."""

from __future__ import annotations

import random
import stat
import struct
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest

from grader.collect import archive as archive_module
from grader.collect import files as files_module
from grader.collect.archive import Folder, read_zip
from grader.collect.disk import MAX_FILE, MAX_NOTEBOOK
from grader.errors import IntakeError
from grader.model import Submission

MAIN = "svm.py"
CODE = b"def f(): ...\n"


def collect(*arguments: Any) -> list[Submission]:
    """What is found, read."""
    return [found.read() for found in files_module.collect(*arguments)]


def make(path: Path, *members: str | tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of members that are there twice
        with zipfile.ZipFile(path, "w", method) as out:
            for member in members:
                name, data = (member, CODE) if isinstance(member, str) else member
                out.writestr(name, b"" if isinstance(name, str) and name.endswith("/") else data)
    return path


def by_name(path: Path) -> dict[str, Submission]:
    return {s.student: s for s in collect([path], MAIN)}


def link(name: str, target: bytes) -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info, target


# -- layouts -------------------------------------------------------------------------------------------------


def test_a_folder_per_student(tmp_path: Path) -> None:
    found = by_name(make(tmp_path / "subs.zip", "alice/svm.py", "alice/helper.py", "bob/x/svm.py", "carol.py"))
    assert sorted(found) == ["alice", "bob", "carol"]
    assert [f.name for f in found["alice"].files] == ["helper.py", MAIN]
    assert found["alice"].files[1].data == CODE
    assert found["bob"].main == MAIN and found["carol"].main == "carol.py"
    assert not any(s.problem for s in found.values())


@pytest.mark.parametrize("prefix", ["hw1/", "hw1/submissions/"])
def test_a_single_top_folder_is_looked_through(tmp_path: Path, prefix: str) -> None:
    found = by_name(make(tmp_path / "subs.zip", f"{prefix}alice/svm.py", f"{prefix}bob/svm.py"))
    assert sorted(found) == ["alice", "bob"]


def test_one_students_zip(tmp_path: Path) -> None:
    for index, members in enumerate((["svm.py", "helper.py"], ["svm/svm.py", "svm/helper.py"])):
        folder = tmp_path / str(index)
        folder.mkdir()
        (found,) = collect([make(folder / "alice.zip", *members)], MAIN)
        assert (found.student, found.main, len(found.files)) == ("alice", MAIN, 2)


@pytest.mark.parametrize(
    ("members", "student"),
    [
        (["alice/svm.py"], "hw1/alice"),  # alice's own zip, or a cohort of one: both names are told
        (["alice/svm.py", "alice/helper.py"], "hw1/alice"),
        (["top/alice/svm.py"], "hw1/alice"),
        (["svm/svm.py"], "hw1"),  # named like the assignment: only the zip tells whose it is
        (["hw1/svm.py"], "hw1"),
        (["svm.py"], "hw1"),
    ],
)
def test_the_name_of_a_single_folder_in_a_zip(tmp_path: Path, members: list[str], student: str) -> None:
    (found,) = collect([make(tmp_path / "hw1.zip", *members)], MAIN)
    assert (found.student, found.main, found.problem) == (student, MAIN, "")


def test_zips_of_one_folder_each_do_not_collide(tmp_path: Path) -> None:
    """Every student's folder has the same name: the zips' names keep them apart."""
    paths = [make(tmp_path / f"{name}.zip", "homework/svm.py") for name in ("alice", "bob")]
    found = collect(paths, MAIN)
    assert [s.student for s in found] == ["alice/homework", "bob/homework"] and not any(s.problem for s in found)


def test_hidden_members_and_caches_are_left_out(tmp_path: Path) -> None:
    found = by_name(
        make(
            tmp_path / "s.zip",
            "alice/mine.py",
            "alice/.ipynb_checkpoints/mine-checkpoint.py",
            "alice/__pycache__/mine.py",
            "__MACOSX/alice/._mine.py",
            ".git/hook.py",
            "bob/SVM.PY",
        )
    )
    assert sorted(found) == ["alice", "bob"]
    assert found["alice"].main == "mine.py" and found["bob"].main == "SVM.PY"


def test_a_notebook_is_taken_in_place_of_the_file_and_costs_nothing_beside_it(tmp_path: Path) -> None:
    big = ("bob/plots.ipynb", b" " * (MAX_NOTEBOOK + 1))
    found = by_name(make(tmp_path / "s.zip", "alice/svm.ipynb", "alice/x.py", "bob/svm.py", big, "carol.ipynb"))
    assert [(f.name, f.data) for f in found["alice"].files] == [("svm.ipynb", CODE), ("x.py", CODE)]
    assert [found[name].main for name in ("alice", "bob", "carol")] == ["svm.ipynb", MAIN, "carol.ipynb"]
    assert not any(s.problem for s in found.values())


def test_a_file_beside_whole_folders_is_not_taken_for_one_students(tmp_path: Path) -> None:
    for i, members in enumerate((["svm.py", "bob/svm.py"], ["top/svm.ipynb", "top/bob/svm.py", "top/carol/svm.ipynb"])):
        (found,) = collect([make(tmp_path / f"{i}.zip", *members)], MAIN)
        assert "and other submissions (bob" in found.problem and not found.empty and not found.files


def test_folders_only(tmp_path: Path) -> None:
    found = by_name(make(tmp_path / "s.zip", "alice/", "bob/", "bob/empty/"))
    assert sorted(found) == ["alice", "bob"]
    assert all("no svm.py" in s.problem for s in found.values())


def test_other_files_are_not_unpacked(tmp_path: Path) -> None:
    found = by_name(make(tmp_path / "s.zip", "alice/svm.py", ("alice/data.npz", b"x" * (2 * MAX_FILE)), "bob/svm.py"))
    assert not found["alice"].problem and len(found["alice"].files) == 1


# -- the archive as a whole ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "../svm.py",
        "alice/../../svm.py",
        "alice/..",
        "/etc/svm.py",
        "\\\\server\\share\\svm.py",
        "..\\svm.py",
        "C:\\svm.py",
        "c:/svm.py",
        "d:svm.py",
    ],
)
def test_an_unsafe_path_is_told_and_costs_nobody_else(tmp_path: Path, name: str) -> None:
    alice, bob, zip_itself = collect([make(tmp_path / "subs.zip", "alice/svm.py", "bob/svm.py", name)], MAIN)
    assert [alice.student, bob.student] == ["alice", "bob"] and not alice.problem and not bob.problem
    assert zip_itself.student == "subs (the zip itself)" and "unsafe path" in zip_itself.problem
    assert not zip_itself.empty
    assert [p.name for p in tmp_path.iterdir()] == ["subs.zip"]


def test_backslashes_are_folders_and_a_colon_in_a_name_is_no_drive(tmp_path: Path) -> None:
    found = by_name(make(tmp_path / "s.zip", "alice\\svm.py", "Doe: Jane/svm.py"))
    assert sorted(found) == ["Doe: Jane", "alice"] and not any(s.problem for s in found.values())


def test_a_path_that_is_too_deep_is_told_and_costs_nobody(tmp_path: Path) -> None:
    found = by_name(make(tmp_path / "s.zip", "alice/svm.py", "bob/svm.py", "bob/" + "d/" * 400 + "x.py"))
    assert not found["alice"].problem and len(found["bob"].files) == 1


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "MAX_FILES", 5)
    make(tmp_path / "ok.zip", *(f"s{i}/svm.py" for i in range(5)))
    assert len(collect([tmp_path / "ok.zip"], MAIN)) == 5
    with pytest.raises(IntakeError, match="6 members; at most 5"):
        read_zip(make(tmp_path / "s.zip", *(f"s{i}/svm.py" for i in range(6))))


def test_too_much_in_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "MAX_TOTAL", 3 * len(CODE) - 1)
    with pytest.raises(IntakeError, match="unpacks to more"):
        read_zip(make(tmp_path / "s.zip", "a.py", "b.py", "c.py"))


def test_an_archive_over_its_cap_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "MAX_ARCHIVE", 10)
    with pytest.raises(IntakeError, match="larger than"):
        read_zip(make(tmp_path / "s.zip", "a.py"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no zip at all", b"\x1f\x8b" + b"x" * 100])
def test_what_is_no_zip_is_ungraded_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "alice.zip").write_bytes(content)
    (found,) = collect([tmp_path / "alice.zip"], MAIN)
    assert found.student == "alice" and not found.empty and "no readable zip" in found.problem
    assert "\n" not in found.problem


# -- single members ------------------------------------------------------------------------------------------


def spoiled(tmp_path: Path, *members: str | tuple[str | zipfile.ZipInfo, bytes]) -> dict[str, Submission]:
    """Two good students around the bad members."""
    found = by_name(make(tmp_path / "s.zip", "aaron/svm.py", *members, "zoe/svm.py"))
    for good in ("aaron", "zoe"):
        assert not found[good].problem and found[good].files[0].data == CODE
    return found


def test_a_link_is_no_file(tmp_path: Path) -> None:
    found = spoiled(tmp_path, link("alice/svm.py", b"../zoe/svm.py"), link("bob.py", b"/etc/passwd"))
    for student in ("alice", "bob"):
        assert "link" in found[student].problem and not found[student].files


def test_a_bomb_is_not_unpacked_beyond_the_cap(tmp_path: Path) -> None:
    found = spoiled(tmp_path, ("alice/svm.py", b"#" * (64 << 20)), ("bob/svm.py", b"#" * MAX_FILE))
    assert "more than 1,048,576 bytes" in found["alice"].problem
    assert not found["bob"].problem


def test_a_member_that_is_there_twice(tmp_path: Path) -> None:
    found = spoiled(tmp_path, ("alice/svm.py", b"one"), ("alice/svm.py", b"two"), ("bob/x.py", b"1"), "bob/./x.py")
    for student in ("alice", "bob"):
        assert "in the zip twice" in found[student].problem


def patch_entry(path: Path, name: bytes, offset: int, value: bytes) -> None:
    """Change bytes of a member's record in the central directory."""
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    while data[at + 46 : at + 46 + len(name)] != name:
        at = data.index(b"PK\x01\x02", at + 4)
    data[at + offset : at + offset + len(value)] = value
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("offset", "value", "said"),
    [
        (8, struct.pack("<H", 1), "encrypted"),
        (10, struct.pack("<H", 99), "cannot be unpacked"),  # an unknown compression method
        (16, struct.pack("<I", 12345), "cannot be unpacked"),  # the checksum
        (42, struct.pack("<I", 3), "cannot be unpacked"),  # where the member starts
        (20, struct.pack("<I", 1), "cannot be unpacked"),  # its packed size
    ],
)
def test_a_damaged_member_leaves_the_others_alone(tmp_path: Path, offset: int, value: bytes, said: str) -> None:
    path = make(tmp_path / "s.zip", "aaron/svm.py", ("mallory/svm.py", b"x = 1\n" * 50), "zoe/svm.py")
    patch_entry(path, b"mallory/svm.py", offset, value)
    found = by_name(path)
    assert said in found["mallory"].problem
    assert not found["aaron"].problem and not found["zoe"].problem


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_methods_are_read_and_their_damage_is_the_members_own(tmp_path: Path, method: int) -> None:
    text = random.Random(1).randbytes(500).hex().encode()
    path = make(tmp_path / "s.zip", "aaron/svm.py", ("mallory/svm.py", text), "zoe/svm.py", method=method)
    assert by_name(path)["mallory"].files[0].data == text
    data = bytearray(path.read_bytes())
    start = data.index(b"mallory/svm.py") + len(b"mallory/svm.py")
    for at in range(start + 4, start + 300):
        data[at] ^= 0xA5
    path.write_bytes(bytes(data))
    found = by_name(path)
    assert "cannot be unpacked" in found["mallory"].problem
    assert not found["aaron"].problem and not found["zoe"].problem


@pytest.mark.parametrize("name", ["new\nline", "rtl\u202egnp", "-rf", "=cmd", "esc\x1b[31m"])
def test_names_inside_are_shown_safely(tmp_path: Path, name: str) -> None:
    found = by_name(make(tmp_path / "s.zip", f"{name}/svm.py", link(f"{name}2/svm.py", b"x"), "zoe/svm.py"))
    assert len(found) == 3
    for submission in found.values():
        assert not set("\n\x1b\u202e") & set(submission.student + submission.problem)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_damaged_zips_are_read_or_refused_and_nothing_else(tmp_path: Path, method: int) -> None:
    path = make(tmp_path / "s.zip", "alice/svm.py", "bob/svm.py", "carol.py", ("dan/x.py", b"y" * 999), method=method)
    data, rng = path.read_bytes(), random.Random(3)
    read = 0
    for _ in range(500):
        changed = bytearray(data)
        for _ in range(rng.choice((1, 2, 4))):
            changed[rng.randrange(len(changed))] = rng.choice((0, 1, 255, rng.randrange(256)))
        if rng.random() < 0.1:
            del changed[rng.randrange(len(changed)) :]
        path.write_bytes(bytes(changed))
        try:
            assert isinstance(read_zip(path)[0], Folder)
            read += 1
        except IntakeError:
            pass
    assert 0 < read < 500
