"""Start weights as C arrays, for software that loads a core or computes beside it."""

from collections.abc import Mapping, Sequence

from dualspike.model.description.description import Description

_PER_LINE = 12


def c_weights(d: Description, arrays: Mapping[str, Sequence[Sequence[int]]]) -> str:
    """C99 header with stored integers: of each kind of parameter, one flat array a layer.

    ``arrays``: by kind (weights, biases), then layer, the words in the order of WEIGHT_DATA. A
    word w stands for w / 2^fraction, in the weight format of ``d``. An empty layer has no array.
    """
    name, kept = d.name, d.formats.weight
    guard = f"{name.upper()}_WEIGHTS_H"
    lines = [
        f"/* Start weights of {name}: {kept} (signed, {kept.bits} bits);",
        f"   a word w stands for w / {1 << kept.fraction}. Order of WEIGHT_DATA. */",
        *(f"#ifndef {guard}", f"#define {guard}", "#include <stdint.h>"),
    ]
    for kind, layers in arrays.items():
        for layer, words in enumerate(layers):
            if words:
                lines += ["", *_array(f"{name}_{kind}_{layer}", words)]
    return "\n".join([*lines, "", "#endif"]) + "\n"


def _array(name: str, words: Sequence[int]) -> list[str]:
    rows = [words[n : n + _PER_LINE] for n in range(0, len(words), _PER_LINE)]
    body = [f"  {', '.join(map(str, row))}," for row in rows]
    return [f"static const int32_t {name}[{len(words)}] = {{", *body, "};"]
