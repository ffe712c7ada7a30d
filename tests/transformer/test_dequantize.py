"""The numbers of quantised tensors are bit-identical to those of the library `gguf`."""

import gguf
import numpy as np
import pytest
from gguf import quants

from embcli.transformer.dequantize import BLOCKS, BLOCKS_AT_ONCE, dequantize


@pytest.mark.parametrize("dtype", [name for name in BLOCKS if name != "F64"])
@pytest.mark.parametrize("blocks", [1, 3, BLOCKS_AT_ONCE + 1])
def test_random_blocks_are_bit_identical_to_gguf(dtype: str, blocks: int) -> None:
    """All bytes are possible: also scales that are subnormal, infinite or no number."""
    raw = np.random.default_rng(blocks).integers(0, 256, blocks * BLOCKS[dtype][1], dtype=np.uint8)
    with np.errstate(all="ignore"):
        wanted = quants.dequantize(raw.reshape(1, -1), gguf.GGMLQuantizationType[dtype]).reshape(-1)
        found = dequantize(dtype, raw)
    assert found.dtype == np.float32
    are_numbers = ~np.isnan(wanted)
    assert np.array_equal(np.isnan(found), ~are_numbers)
    assert np.array_equal(found[are_numbers].view(np.uint32), wanted[are_numbers].view(np.uint32))


@pytest.mark.parametrize("dtype", ["Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1"])
def test_what_gguf_quantises_comes_back_near_the_original(dtype: str) -> None:
    numbers = np.random.default_rng(0).normal(size=(64, 256)).astype(np.float32)
    raw = quants.quantize(numbers, gguf.GGMLQuantizationType[dtype])
    found = dequantize(dtype, raw.reshape(-1)).reshape(numbers.shape)
    assert np.abs(found - numbers).max() < {"Q8_0": 0.03, "Q5_0": 0.3, "Q5_1": 0.2}.get(dtype, 0.5)


def test_a_block_by_hand() -> None:
    """Q4_0 with the scale 2: the byte 0x10 holds 0 for element 0 and 1 for element 16."""
    raw = np.frombuffer(np.float16(2).tobytes() + bytes([0x10] + [0x88] * 15), np.uint8)
    assert dequantize("Q4_0", raw).tolist() == [-16.0] + [0.0] * 15 + [-14.0] + [0.0] * 15


def test_floats_of_64_bits_are_rounded() -> None:
    assert dequantize("F64", np.frombuffer(np.array([0.1, -2.0]).tobytes(), np.uint8)).tolist() == [
        float(np.float32(0.1)),
        -2.0,
    ]
