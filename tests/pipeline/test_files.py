import numpy as np
import pandas as pd
import pytest

from volcast.pipeline.backtest.run_folder import MANIFEST, read_manifest
from volcast.pipeline.errors import RunFolderError, StorageError
from volcast.pipeline.files import hash_path, read_frame, write_file, write_folder, write_frame


def broken(path):
    (path / "inside" if path.is_dir() else path).write_text("half")
    raise RuntimeError("power cut")


@pytest.mark.parametrize("write", [write_file, write_folder])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, write):
    path = tmp_path / "file"
    if write is write_file:
        path.write_text("old")
    else:
        path.mkdir()
        (path / "inside").write_text("old")
    with pytest.raises(RuntimeError, match="power cut"):
        write(path, broken)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    assert (path if path.is_file() else path / "inside").read_text() == "old"


def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")

    def make(unfinished):
        unfinished.write_text("new, first half")
        assert path.read_text() == "old"

    write_file(path, make)
    assert path.read_text() == "new, first half"


def test_equal_frames_give_equal_bytes(tmp_path):
    frame = pd.DataFrame({"a": np.arange(5) / 3, "b": list("vwxyz")})
    for suffix in ("parquet", "csv"):
        one, other = tmp_path / f"one.{suffix}", tmp_path / f"other.{suffix}"
        write_frame(one, frame)
        write_frame(other, frame.copy())
        assert one.read_bytes() == other.read_bytes()
        pd.testing.assert_frame_equal(read_frame(one), frame)


def test_a_digest_tells_content_and_names_apart(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        (folder / "sub").mkdir(parents=True)
        (folder / "sub" / "file").write_text("text")
    assert hash_path(one) == hash_path(other)
    (other / "sub" / "file").rename(other / "sub" / "elif")
    assert hash_path(one) != hash_path(other)
    assert hash_path(tmp_path / "none") is None


def test_the_digest_of_a_file_is_known(tmp_path):
    # sha256sum of "." (its relative name) and the content, put together
    path = tmp_path / "file"
    path.write_text("abc")
    from hashlib import sha256

    assert hash_path(path) == sha256(b"." + b"abc").hexdigest()


@pytest.mark.parametrize(
    "text",
    ["", "garbage", "[]", "{}", '{"stages": []}', '{"stages": {"train": 3}}', "\x00",
     '{"stages": {"train": {}}}', '{"stages": null}'],
)  # fmt: skip
def test_a_damaged_manifest_is_named(tmp_path, text):
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(RunFolderError, match=r"manifest\.json is damaged; delete it"):
        read_manifest(tmp_path)


def test_a_missing_or_damaged_table_is_named(tmp_path):
    with pytest.raises(StorageError, match=r"x\.parquet is missing"):
        read_frame(tmp_path / "x.parquet")
    for name in ("x.parquet", "x.csv"):
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(StorageError, match=rf"{name} is damaged"):
            read_frame(tmp_path / name)


@pytest.mark.parametrize("error", [RuntimeError("no"), KeyboardInterrupt()])
def test_an_error_that_is_not_of_the_disk_stays_what_it_is(tmp_path, error):
    def make(path):
        raise error

    with pytest.raises(type(error)) as caught:
        write_file(tmp_path / "file", make)
    assert caught.value is error
