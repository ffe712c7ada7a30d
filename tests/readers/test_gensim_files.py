"""Files that gensim saves today with every option of training, and those of its own tests, of every age."""

import pickle
import re
import warnings
import zipfile
from collections import OrderedDict, defaultdict
from contextlib import closing
from pathlib import Path
from typing import Any

import gensim.test
import numpy as np
import pytest
from gensim.models import Doc2Vec, FastText, KeyedVectors, Word2Vec
from gensim.models.callbacks import CallbackAny2Vec
from gensim.models.doc2vec import TaggedDocument
from gensim.models.fasttext import load_facebook_vectors
from gensim.models.poincare import PoincareModel

from embcli.errors import BadFile
from embcli.models.build import make
from embcli.models.open import StoredSpace
from embcli.readers import ReadOptions, sniffing
from embcli.readers.source_file import SourceFile

SENTENCES = [["salt", "pepper", "soup"]] * 5
DATA = Path(gensim.test.__file__).parent / "test_data"
SOUP = [-0.013406, 0.005911, 0.127584, 0.225232]


class Callback(CallbackAny2Vec):  # type: ignore[misc]
    """What a user gives to training; it is saved by the name of this module."""


def keep(word: str, count: int, least: int) -> int:
    return 2


def stored(path: Path, **options: Any) -> StoredSpace:
    """The model of a file."""
    make(path, path.with_suffix(".store"), "test", ReadOptions(**options), replace=True, report=None)
    return StoredSpace(path.with_suffix(".store"))


def read(path: Path) -> tuple[list[str], np.ndarray]:
    with closing(SourceFile(path)) as opened:
        blocks = list(sniffing.read(opened).blocks)
    return [word.decode() for words, _ in blocks for word in words], np.concatenate([block for _, block in blocks])


@pytest.mark.parametrize("kind", [Word2Vec, FastText])
@pytest.mark.parametrize("hs", [0, 1])
@pytest.mark.parametrize("negative", [0, 5])
@pytest.mark.parametrize("sg", [0, 1])
@pytest.mark.parametrize("rest", [{}, {"compute_loss": True, "callbacks": [Callback()], "trim_rule": keep}])
@pytest.mark.parametrize("suffix", ["model", "kv"])
def test_a_model_trained_with_any_options_is_read_bit_for_bit(
    kind: Any, hs: int, negative: int, sg: int, rest: dict[str, Any], suffix: str, tmp_path: Path
) -> None:
    if not hs and not negative:
        return  # gensim does not train so
    if kind is FastText:
        rest = {name: value for name, value in rest.items() if name != "compute_loss"} | {"bucket": 100}
    options = {"hs": hs, "negative": negative, "sg": sg, **rest}
    model = kind(SENTENCES, vector_size=4, min_count=1, workers=1, seed=1, **options)
    path = tmp_path / f"small.{suffix}"
    (model if suffix == "model" else model.wv).save(str(path))
    space = stored(path)
    assert list(space.vocabulary) == model.wv.index_to_key
    assert np.array_equal(space.vectors, model.wv.vectors)


def test_the_vector_of_soup_is_that_of_the_report(tmp_path: Path) -> None:
    path = tmp_path / "small.model"
    Word2Vec(SENTENCES, vector_size=4, min_count=1, workers=1, seed=1).save(str(path))
    words, vectors = read(path)
    assert vectors[words.index("soup")].tolist() == pytest.approx(SOUP, abs=5e-7)


@pytest.mark.parametrize("part", ["model", "wv", "dv"])
def test_documents_and_their_words_are_read(part: str, tmp_path: Path) -> None:
    documents = [TaggedDocument(words, [number]) for number, words in enumerate(SENTENCES)]
    model = Doc2Vec(documents, vector_size=4, min_count=1, workers=1, seed=1)
    path = tmp_path / "saved.kv"
    (model if part == "model" else getattr(model, part)).save(str(path))
    words, vectors = read(path)
    expected = model.dv if part == "dv" else model.wv
    assert words == [str(key) for key in expected.index_to_key]
    assert np.array_equal(vectors, expected.vectors)


def test_arrays_in_separate_files_are_read(tmp_path: Path) -> None:
    model = FastText(SENTENCES, vector_size=4, min_count=1, workers=1, seed=1, bucket=100)
    path = tmp_path / "large.kv"
    model.wv.save(str(path), separately=["vectors_ngrams", "vectors_vocab"])
    assert len(list(tmp_path.glob("*.npy"))) == 2
    assert np.array_equal(stored(path).vectors, model.wv.vectors)
    next(tmp_path.glob("*vectors_ngrams.npy")).unlink()
    with pytest.raises(BadFile, match=r"vectors_ngrams\.npy is missing"):
        read(path)


def keyed(keys: list[Any], dtype: Any = np.float32) -> KeyedVectors:
    """Keys with vectors of 3 numbers."""
    vectors = KeyedVectors(3, dtype=dtype)
    vectors.add_vectors(keys, (np.arange(3 * len(keys)).reshape(-1, 3) / 7).astype(dtype))
    return vectors


def unfilled() -> KeyedVectors:
    """Two filled rows of five; the keys of the others are None."""
    vectors = KeyedVectors(3, count=5)
    vectors.add_vector("salt", np.ones(3, np.float32))
    vectors.add_vector("soup", np.full(3, 2, np.float32))
    return vectors


DOCUMENTS = [TaggedDocument(words, [f"d{number}"]) for number, words in enumerate(SENTENCES)]
SMALL: Any = {"vector_size": 4, "min_count": 1, "workers": 1, "seed": 1}
SAVED: dict[str, tuple[Any, str, tuple[str, ...]]] = {  # a model, the part that is read, and the notes
    "Word2Vec": (lambda: Word2Vec(SENTENCES, **SMALL), "wv", ()),
    "FastText": (lambda: FastText(SENTENCES, bucket=100, **SMALL), "wv", ()),
    "FastText without n-grams": (lambda: FastText(SENTENCES, min_n=3, max_n=2, **SMALL), "wv", ()),
    "Doc2Vec": (lambda: Doc2Vec(DOCUMENTS, **SMALL), "wv", ()),
    "Doc2Vec with a null word": (
        lambda: Doc2Vec(DOCUMENTS, dm_concat=1, **SMALL),
        "wv",
        ("its null word, which pads the context in training, was left out",),
    ),
    "Poincaré": (lambda: poincare(), "kv", ("its numbers were rounded to 32 bits",)),
    "KeyedVectors": (lambda: keyed(["salt", "sœup"]), "", ()),
    "16 bits": (lambda: keyed(["salt", "soup"], np.float16), "", ()),
    "64 bits": (lambda: keyed(["salt", "soup"], np.float64), "", ("its numbers were rounded to 32 bits",)),
    "keys of an array of texts": (lambda: keyed(list(np.array(["salt", "sœup"]))), "", ()),
    "whole numbers of numpy": (
        lambda: keyed([np.int64(7), np.uint8(9), 3, "salt"]),
        "",
        ("its keys that are numbers became words",),
    ),
    "unfilled rows": (unfilled, "", ("3 rows were left out: no word, and no vector but zero",)),
}


def poincare() -> PoincareModel:
    model = PoincareModel([("salt", "food"), ("soup", "food")], size=2, negative=1, seed=1)
    model.train(1)
    return model


@pytest.mark.parametrize("name", SAVED)
@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("suffix", [".kv", ".kv.gz", ".kv.bz2", ".kv.xz"])
@pytest.mark.parametrize("options", [{}, {"sep_limit": 1}], ids=["one file", "arrays apart"])
def test_every_way_of_saving_gives_gensims_vectors(
    name: str, protocol: int, suffix: str, options: dict[str, Any], tmp_path: Path
) -> None:
    make_model, part, notes = SAVED[name]
    model = make_model()
    path = tmp_path / f"saved{suffix}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # gensim's
        model.save(str(path), pickle_protocol=protocol, **options)
    assert (len(list(tmp_path.iterdir())) > 1) == bool(options)
    store = tmp_path / "stored"
    assert make(path, store, "test", ReadOptions(), replace=True, report=None) == notes
    space, expected = StoredSpace(store), getattr(model, part) if part else model
    kept = [row for row, key in enumerate(expected.index_to_key) if key is not None and key != "\0"]
    assert list(space.vocabulary) == [str(expected.index_to_key[row]) for row in kept]
    assert space.vectors.tobytes() == expected.vectors[kept].astype(np.float32).tobytes()


@pytest.mark.parametrize(
    ("keys", "kind"),
    [([b"a", b"b"], "bytes"), ([1.5, 2.5], "float"), ([("a", "b"), ("c", "d")], "tuple"), ([np.True_], "bool")],
)
def test_other_keys_are_refused_by_their_type(keys: list[Any], kind: str, tmp_path: Path) -> None:
    keyed(keys).save(str(tmp_path / "some.kv"))
    with pytest.raises(BadFile, match=rf"row 1: the word is not text \(a {kind}\)"):
        read(tmp_path / "some.kv")


def test_vectors_without_any_filled_row_are_refused(tmp_path: Path) -> None:
    KeyedVectors(3, count=5).save(str(tmp_path / "some.kv"))
    with pytest.raises(BadFile, match="contains no words: none of its rows has been filled"):
        read(tmp_path / "some.kv")


def test_a_row_with_numbers_but_without_a_word_is_refused(tmp_path: Path) -> None:
    vectors = unfilled()
    vectors.vectors[3, 1] = 1
    vectors.save(str(tmp_path / "some.kv"))
    with pytest.raises(BadFile, match="row 4: the word is missing"):
        read(tmp_path / "some.kv")


@pytest.mark.parametrize(
    ("name", "part", "missing"),
    [
        ("some.kv", "", "some.kv.vectors.npy"),
        ("some.kv.gz", "", "some.kv.gz.vectors.npz"),
        ("some.model", "wv", "some.model.wv.vectors.npy"),
        ("some.model.bz2", "wv", "some.model.bz2.wv.vectors.npz"),
    ],
)
def test_the_file_of_an_array_that_is_missing_or_damaged_is_named(
    name: str, part: str, missing: str, tmp_path: Path
) -> None:
    model = Word2Vec(SENTENCES, **SMALL) if part else keyed(["salt", "soup"])
    path = tmp_path / name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        model.save(str(path), sep_limit=1)
    apart = tmp_path / missing
    whole = apart.read_bytes()
    for cut in (len(whole) - 1, len(whole) // 2, 10, 0):
        apart.write_bytes(whole[:cut])
        with pytest.raises(BadFile, match=missing):
            read(path)
    apart.unlink()
    with pytest.raises(BadFile, match=f"{missing} is missing"):
        read(path)


def test_the_array_of_a_file_in_an_archive_needs_the_archive_extracted(tmp_path: Path) -> None:
    keyed(["salt", "soup"]).save(str(tmp_path / "some.kv"), sep_limit=1)
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        for name in ("some.kv", "some.kv.vectors.npy"):
            archive.write(tmp_path / name, name)
    with pytest.raises(BadFile, match=r"some\.kv\.vectors\.npy is missing") as error:
        read(tmp_path / "some.zip" / "some.kv")
    assert error.value.hint == "extract the archive; gensim saved both"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"salt": [1.0, 2.0]}, "a dict"),
        (defaultdict(list, salt=[1.0, 2.0]), "a dict"),
        (OrderedDict(salt=np.ones(2)), "a dict"),
        (["salt"], "a list"),
        (("salt", 1.0), "a tuple"),
        (np.ones((2, 2)), "an array"),
        ("salt", "a single value"),
    ],
    ids=str,
)
@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_of_something_else_is_named(value: Any, kind: str, protocol: int, tmp_path: Path) -> None:
    (tmp_path / "some.pkl").write_bytes(pickle.dumps(value, protocol))
    if protocol < 2 and kind in ("a tuple", "a single value"):  # nothing tells them from text
        return
    with pytest.raises(BadFile, match=rf"some\.pkl is a pickle of {kind}, not a model saved by gensim"):
        read(tmp_path / "some.pkl")


@pytest.mark.parametrize("data", [b"\x80\x04\x33", b"\x80\x04k", b"\x80\x02}q\x00K\x01s.", b"\x80\x02."])
def test_a_damaged_pickle_is_described_without_codes(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.kv").write_bytes(data)
    with pytest.raises(BadFile) as caught:
        read(tmp_path / "bad.kv")
    message = caught.value.message
    assert re.search(r"or not a model saved by gensim: (its content is not a valid pickle|it [a-z ]+)$", message)


OLD = [
    *sorted(path for path in DATA.glob("old_*_models/*.mdl")),
    *(
        DATA / name
        for name in (
            "word2vec_old", "word2vec_old_sep", "word2vec_3.3", "word2vec_pre_kv_c", "word2vec_pre_kv_py2",
            "word2vec_pre_kv_py3", "word2vec_pre_kv_py3_4", "word2vec_pre_kv_sep_py2", "word2vec_pre_kv_sep_py3",
            "word2vec_pre_kv_sep_py3_4", "w2v-lee-v0.12.0", "doc2vec_old", "doc2vec_old_sep", "d2v-lee-v0.13.0",
            "fasttext_old", "fasttext_old_sep", "lee_fasttext", "ft_model_2.3.0", "ft_kv_3.6.0.model.gz",
            "compatible-hash-true.model", "model-from-gensim-3.8.0.w2v", "old_keyedvectors_320.dat",
            "poincare_test_3.4.0",
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize("path", OLD, ids=[path.name for path in OLD])
def test_gensims_own_files_of_every_age_are_read(path: Path) -> None:
    words, vectors = read(path)
    assert len(words) == len(vectors) > 2
    assert np.isfinite(vectors).all()
    assert np.linalg.norm(vectors, axis=1).min() > 0


@pytest.mark.parametrize("name", ["model-from-gensim-3.8.0.w2v", "compatible-hash-true.model"])
def test_old_files_that_gensim_still_loads_give_its_vectors(name: str) -> None:
    loaded: Any = (Word2Vec if "w2v" in name else FastText).load(str(DATA / name)).wv
    words, vectors = read(DATA / name)
    assert words == loaded.index_to_key
    assert np.array_equal(vectors, loaded.vectors)


@pytest.mark.parametrize(
    "name",
    [
        "crime-and-punishment.bin", "toy-model.bin", "lee_fasttext.bin",
        "lee_fasttext_new.bin", "non_ascii_fasttext.bin",
    ],
)  # fmt: skip
def test_fasttexts_own_files_new_and_old_give_gensims_vectors(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes((DATA / name).read_bytes())
    space, expected = stored(path), load_facebook_vectors(str(path))
    assert list(space.vocabulary) == expected.index_to_key
    assert np.array_equal(space.vectors, expected.vectors)
    assert space.subwords is not None
    for word in ("landlord", "xyzzy", "\u6f22\u5b57", "a"):
        if word in expected.key_to_index:
            continue
        vector = space.subwords.vector(word)
        assert vector is not None
        assert np.array_equal(vector, expected.get_vector(word))


@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "subprocess.Popen", "numpy.load", "commands.getoutput"])
def test_a_name_of_the_standard_library_is_still_an_attack(name: str, tmp_path: Path) -> None:
    module, _, function = name.rpartition(".")
    attack = b"\x80\x02c" + module.encode() + b"\n" + function.encode() + b"\nX\x04\x00\x00\x00true\x85R."
    vectors = KeyedVectors(2)
    vectors.add_vectors(["salt", "soup"], np.ones((2, 2), np.float32))
    good = pickle.dumps(vectors, 2)
    (tmp_path / "bad.kv").write_bytes(attack[:-1] + b"0" + good[2:])  # the result is dropped, a model follows
    with pytest.raises(BadFile, match=name):
        read(tmp_path / "bad.kv")
