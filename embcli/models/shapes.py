"""Count the parameters of what a name means: a well-known model, an installed one, a path, or a config.json."""

from pathlib import Path

from embcli.errors import UnknownModel, UsageProblem
from embcli.models.checkpoints import open_transformer
from embcli.results.model_card import ModelCard
from embcli.results.shapes import Shapes
from embcli.transformer.configuration import from_config
from embcli.transformer.safetensors import read_json_file
from embcli.transformer.shapes import AS_IN_THE_FILM, KNOWN, ShapesQuestion, answer, known


def count_parameters(
    name: str = AS_IN_THE_FILM, *, batch: int = 8, sequence: int | None = None, everything: bool = False
) -> Shapes:
    """The matrices and parameters of a transformer.

    name: of a well-known model (`transformer.shapes.KNOWN`), of an installed one, or the path of a checkpoint or of a
    config.json. Raises UsageProblem, UnknownModel, BadFile.

        count_parameters("gpt-3").parameters  # 175181291520
    """
    if everything and name != AS_IN_THE_FILM:
        raise UsageProblem("--all applies to gpt-3, of which the film leaves parts out", "remove --all")
    if name in KNOWN:
        config = known(name)
        return answer(ShapesQuestion(name, batch, sequence or config.context, everything), config)
    path = Path(name)
    if path.name == "config.json" and path.is_file():
        config = from_config(read_json_file(path), path)
        return answer(ShapesQuestion(name, batch, sequence or config.context), config)
    try:
        model = open_transformer(name)
    except UnknownModel as error:
        error.hint = f"well-known are {', '.join(KNOWN)}; {error.hint}"
        raise
    present = model.checkpoint.shapes() | model.checkpoint.beside
    question = ShapesQuestion(model.name, batch, sequence or model.config.context)
    return answer(question, model.config, ModelCard(model.name, len(model), model.dim), present)
