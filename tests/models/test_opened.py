"""What a running program keeps open, and when it opens a file again."""

import os
from pathlib import Path

import pytest
from process import add_store, settle

import embcli
from embcli.errors import UnknownModel
from embcli.models.opened import models_stay_open, opened


def read(path: Path) -> list[str]:
    """The text of a file, or of the files of a folder, as a new object each time."""
    return [file.read_text() for file in (sorted(path.iterdir()) if path.is_dir() else [path])]


def test_a_file_is_opened_once_while_models_stay_open_and_each_time_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("one")
    assert opened(read, file) is not opened(read, file)
    with models_stay_open():
        first = opened(read, file)
        with models_stay_open():  # a demo within a shell
            assert opened(read, file) is first
        assert opened(read, file) is first
    assert opened(read, file) is not first


def test_a_file_that_is_replaced_or_changed_is_opened_again(tmp_path: Path) -> None:
    file, other = tmp_path / "file", tmp_path / "other"
    file.write_text("one")
    with models_stay_open():
        assert opened(read, file) == ["one"]
        other.write_text("two")
        os.replace(other, file)
        assert opened(read, file) == ["two"]
        file.write_text("three")
        assert opened(read, file) == ["three"]


def test_a_folder_is_opened_again_when_one_of_its_files_changes(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    with models_stay_open():
        first = opened(read, tmp_path)
        assert opened(read, tmp_path) is first
        (tmp_path / "b").write_text("two")
        assert opened(read, tmp_path) == ["one", "two"]


def test_a_model_that_is_removed_meanwhile_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, tmp_path)
    path = add_store(tmp_path, "toy", {"king": [1.0, 0]})
    with models_stay_open():
        assert len(embcli.open_space("toy")) == 1
        path.unlink()
        with pytest.raises(UnknownModel):
            embcli.open_space("toy")


def test_settings_of_a_question_are_not_kept_for_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, tmp_path)
    add_store(tmp_path, "toy", {"king": [1.0, 0]})
    with models_stay_open():
        embcli.open_space("toy").average_pieces = True
        assert not embcli.open_space("toy").average_pieces
