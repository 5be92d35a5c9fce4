"""Every mistake in a description is one line that says what, the allowed range, and what came."""

import pytest

from dualspike.model.description.load import parse
from tests.refusals import refusal

NETWORK = "[network]\nlayers = [2, 3, 1]\n"


MISTAKES = {
    ("", ""): [
        ("x", "not valid TOML: Expected '=' after a key in a key/value pair (at end of document)"),
        ("a = 1\na = 2", "not valid TOML: Cannot overwrite a value (at end of document)"),
        ("a = 1\nb = .9\n", "not valid TOML: Invalid value (at line 2, column 5)"),
        ("", "network is missing"),
        ("[network]", "network.layers is missing"),
        ("[network]\nlayer = [2, 3, 1]", "network.layer is not a known key; did you mean layers?"),
        ("[netwrok]\nlayers = [2, 3, 1]", "netwrok is not a known key; did you mean network?"),
        ("network = 3", "network must be a table, not 3"),
        ("x = 1\n" + NETWORK, "x is not a known key"),
        ('name = "A b"\n' + NETWORK, "name must match ^[a-z][a-z0-9_]{0,62}$, not 'A b'"),
        ('name = ""\n' + NETWORK, "name must match ^[a-z][a-z0-9_]{0,62}$, not ''"),
        ('name = "a\\n"\n' + NETWORK, r"name must match ^[a-z][a-z0-9_]{0,62}$, not 'a\n'"),
        ("name = 3\n" + NETWORK, "name must be a text, not 3"),
    ],
    ("[network]\n", "network."): [
        ("layers = 3", "layers must be a list, not 3"),
        ('layers = "a"', "layers must be a list, not 'a'"),
        ("layers = []", "layers must have 3 to 16 entries, not 0"),
        ("layers = [2, 1]", "layers must have 3 to 16 entries, not 2"),
        (f"layers = {[2] * 17}", "layers must have 3 to 16 entries, not 17"),
        ("layers = [0, 3, 1]", "layers[0] must be in [1, 4096], not 0"),
        ("layers = [2, -1, 1]", "layers[1] must be in [1, 4096], not -1"),
        ("layers = [2, 3, 4097]", "layers[2] must be in [1, 4096], not 4097"),
        ("layers = [2.5, 3, 1]", "layers[0] must be a whole number, not 2.5"),
        ("layers = [2, true, 1]", "layers[1] must be a whole number, not True"),
        ("layers = [2, 3, '1']", "layers[2] must be a whole number, not '1'"),
        ("layers = [2, [3], 1]", "layers[1] must be a whole number, not [3]"),
    ],
    (NETWORK, "network."): [
        ("layer = 3", "layer is not a known key; did you mean layers?"),
        ("time_steps = 0", "time_steps must be in [1, 1024], not 0"),
        ("time_steps = 1025", "time_steps must be in [1, 1024], not 1025"),
        ("time_steps = 8.0", "time_steps must be a whole number, not 8.0"),
        ("time_steps = '8'", "time_steps must be a whole number, not '8'"),
        ("leak = 0.0", "leak must be in (0, 1], not 0.0"),
        ("leak = 1.5", "leak must be in (0, 1], not 1.5"),
        ("leak = '1'", "leak must be a number, not '1'"),
        ("threshold = true", "threshold must be a number, not True"),
        ("threshold = 0.0", "threshold must be in [1.52587890625e-05, 65536], not 0.0"),
        ("threshold = -1.0", "threshold must be in [1.52587890625e-05, 65536], not -1.0"),
        ("threshold = inf", "threshold must be a finite number, not inf"),
        ("threshold = nan", "threshold must be a finite number, not nan"),
        ("threshold = '1'", "threshold must be a number, not '1'"),
        ("threshold = [0.0]", "threshold[0] must be in [1.52587890625e-05, 65536], not 0.0"),
        ("threshold = [1, '1']", "threshold[1] must be a number, not '1'"),
        (
            "threshold = [1.0, 1.0]",
            "threshold must be a number or have 1 entries, one for each hidden layer, not 2",
        ),
        ("surrogate = 3", "surrogate must be a table, not 3"),
        ("surrogate = { width = 1 }", "surrogate.width is not a known key"),
        (
            "surrogate = { kind = 'relu' }",
            "surrogate.kind must be 'gaussian', 'stein', 'fast_sigmoid', 'triangle' or"
            " 'rectangle', not 'relu'",
        ),
        ("surrogate = { samples = 0 }", "surrogate.samples must be in [1, 65536], not 0"),
        (
            "surrogate = { draws = 'none' }",
            "surrogate.draws must be 'fixed' or 'fresh', not 'none'",
        ),
        ("reset = 'hard'", "reset must be 'detached' or 'attached', not 'hard'"),
        (
            "coding = 'morse'",
            "coding must be 'direct', 'bernoulli', 'rate' or 'frames', not 'morse'",
        ),
        ("surrogate = { sigma = 0.0 }", "surrogate.sigma must be in [0.01, 16], not 0.0"),
        ("surrogate = { entries = 1 }", "surrogate.entries must be in [2, 4096], not 1"),
        ("surrogate = { entries = 100 }", "surrogate.entries must be a power of two, not 100"),
        ("surrogate = { span = 0 }", "surrogate.span must be in [1, 64], not 0"),
        ("surrogate = { span = 3 }", "surrogate.span must be a power of two, not 3"),
        (
            "leak = 0.9",
            "leak must be 1, or 1 - 2^-k with k in [1, 8], in hardware, not 0.9",
        ),
        (
            "leak = 0.998046875",
            "leak must be 1, or 1 - 2^-k with k in [1, 8], in hardware, not 0.998046875",
        ),
        (
            "surrogate = { kind = 'stein', draws = 'fresh' }",
            "surrogate.draws must be fixed (a table) in hardware, not fresh",
        ),
    ],
    (NETWORK + "[learning]\nrule = 'online'\nevery = 'sample'\n", "learning."): [
        ("feedback = 'signs'", "feedback must be forward with every 'sample', not signs"),
        (
            "feedback = 'forward-dfa'",
            "feedback must be forward with every 'sample', not forward-dfa",
        ),
    ],
    (NETWORK + "[learning]\nrule = 'online'\nevery = 'sample'\n[hardware]\n", "hardware."): [
        ("skip = true", "skip must be false with learning.every 'sample', not true"),
    ],
    (NETWORK + "[learning]\nrule = 'online'\nevery = 'sample'\n[formats]\n", "formats."): [
        ("tangent = 's0.8'", "tangent must hold 1 with learning.every 'sample', not s0.8"),
    ],
    (NETWORK + "[learning]\n", "learning."): [
        ("every = 'step'", "every must be left out with rule 'rfg': it is for 'online'"),
        ("rule = 'online'\nevery = 'batch'", "every must be 'step' or 'sample', not 'batch'"),
        (
            "rule = 'online'\nfeedback = 'dfa'",
            "feedback must be 'forward', 'signs', 'forward-dfa' or 'kolen-pollack', not 'dfa'",
        ),
        (
            "feedback_momentum = 8",
            "feedback_momentum must be left out with rule 'rfg': it is for 'online'",
        ),
        (
            "rule = 'online'\nfeedback_momentum = 8",
            "feedback_momentum must be left out with feedback 'forward': it is for 'forward-dfa'",
        ),
        (
            "rule = 'online'\nfeedback = 'forward-dfa'\nfeedback_momentum = 9",
            "feedback_momentum must be in [1, 8], not 9",
        ),
        (
            "rule = 'online'\nfeedback = 'forward-dfa'\ndirections = 65",
            "directions must be in [1, 64], not 65",
        ),
        (
            "rule = 'online'\nfeedback = 'kolen-pollack'\ndirections = 2",
            "directions must be 1 with feedback 'kolen-pollack', not 2",
        ),
        (
            "rule = 'online'\nfeedback = 'kolen-pollack'\nfeedback_momentum = 8",
            "feedback_momentum must be left out with feedback 'kolen-pollack': it is for"
            " 'forward-dfa'",
        ),
        ("rule = 'bp'", "rule must be 'rfg', 'online' or 'none', not 'bp'"),
        ("scope = 'chip'", "scope must be 'layer' or 'global', not 'chip'"),
        ("structure = 3", "structure must be 'independent' or 'factored', not 3"),
        ("directions = 0", "directions must be in [1, 64], not 0"),
        ("directions = 65", "directions must be in [1, 64], not 65"),
        ("directions = 33", "directions must leave at most 64 lanes, not 66"),
        ("masks = 1", "masks must be a list, not 1"),
        ("masks = [0]", "masks[0] must be a list, not 0"),
        ("masks = [[0], [15]]", "masks[1] must hold layers in [0, 1], each once, not [15]"),
        ("masks = [[0], [2]]", "masks[1] must hold layers in [0, 1], each once, not [2]"),
        ("masks = [[1, 1]]", "masks[0] must hold layers in [0, 1], each once, not [1, 1]"),
        ("masks = []", "masks must leave a lane with a layer to learn, not none"),
        (
            "masks = [[0]]\nscope = 'global'",
            "masks must be given without scope and directions, not with 'global' and 1",
        ),
        (
            "masks = [[0]]\ndirections = 2",
            "masks must be given without scope and directions, not with 'layer' and 2",
        ),
        (f"masks = {[[0]] * 65}", "masks must leave at most 64 lanes, not 65"),
        ("frozen = [2]", "frozen must hold layers in [0, 1], each once, not [2]"),
        ("frozen = [0, 1]", "frozen must leave a lane with a layer to learn, not none"),
        ("frozen = [-1]", "frozen[0] must be in [0, 31], not -1"),
        ("mantissa = [8]", "mantissa must have 2 entries, not 1"),
        ("local = true\nmantissa = [8, 8]", "mantissa must have 3 entries, not 2"),
        ("local = true\nmasks = [[3]]", "masks[0] must hold layers in [0, 2], each once, not [3]"),
        ("local = 1", "local must be true or false, not 1"),
        ("mantissa = [8, 16]", "mantissa[1] must be in [8, 15], not 16"),
        ("mantissa = [7, 8]", "mantissa[0] must be in [8, 15], not 7"),
        ("momentum = 0", "momentum must be in [1, 8], not 0"),
        ("momentum = 9", "momentum must be in [1, 8], not 9"),
        ("schedule = 'free'", "schedule must be 'host' or 'chip', not 'free'"),
        ("rounding = 'up'", "rounding must be 'nearest' or 'stochastic', not 'up'"),
        (
            "rate = 16\nlayer_shift = [2, 0]\nrounding = 'stochastic'",
            "rate must leave step shifts in [0, 32], not [27, 33]",
        ),
        (
            "rate = 15\nmantissa = [8, 8]\nrounding = 'stochastic'",
            "rate must leave step shifts in [0, 29], not [26, 30]",
        ),
        ("batch = 0", "batch must be in [1, 65536], not 0"),
        ("batch = 65537", "batch must be in [1, 65536], not 65537"),
        ("batch = true", "batch must be a whole number, not True"),
        ("rate = 17", "rate must be in [-16, 16], not 17"),
        ("rate = -17", "rate must be in [-16, 16], not -17"),
        ("layer_shift = 1", "layer_shift must be a list, not 1"),
        ("layer_shift = [1]", "layer_shift must have 2 entries, not 1"),
        ("layer_shift = [1, 99]", "layer_shift[1] must be in [-16, 16], not 99"),
        ("stages = 0", "stages must be in [1, 16], not 0"),
        ("updates = 0", "updates must be in [1, 100000000], not 0"),
        ("seed = 0", "seed must be in [1, 4294967295], not 0"),
        ("seed = -1", "seed must be in [1, 4294967295], not -1"),
        ("seed = 4294967296", "seed must be in [1, 4294967295], not 4294967296"),
        ("seed = 1.5", "seed must be a whole number, not 1.5"),
        ("seed = 2020-01-01", "seed must be a whole number, not datetime.date(2020, 1, 1)"),
        ("momentum = 0.9", "momentum must be a whole number, not 0.9"),
    ],
    (NETWORK + "[formats]\n", "formats."): [
        ("weight = '1.0'", "weight must look like s1.16 or u0.8, not '1.0'"),
        ("weight = 3", "weight must look like s1.16 or u0.8, not 3"),
        ("weight = 'u0.10'", "weight must be signed (s), not u0.10"),
        ("weight = 's0.0'", "weight must be 2 to 24 bits wide, not s0.0 (1)"),
        ("weight = 's8.16'", "weight must be 2 to 24 bits wide, not s8.16 (25)"),
        ("surrogate = 's0.8'", "surrogate must be unsigned (u), not s0.8"),
        ("surrogate = 'u0.1'", "surrogate must be 2 to 24 bits wide, not u0.1 (1)"),
        ("target = 's1.17'", "target must have at most the membrane's 16 fraction bits, not s1.17"),
        ("bias = 's1.16'", "bias is not a known key"),
    ],
    (NETWORK + "[hardware]\n", "hardware."): [
        ("pe = 1", "pe must be a list, not 1"),
        ("pe = [1]", "pe must have 2 entries, not 1"),
        ("pe = []", "pe must have 2 entries, not 0"),
        ("pe = [0, 1]", "pe[0] must be in [1, 4096], not 0"),
        ("pe = [4, 1]", "pe[0] must be in [1, 3], not 4"),
        ("pe = [1, 2]", "pe[1] must be in [1, 1], not 2"),
        ("simd = [3, 1]", "simd[0] must be in [1, 2], not 3"),
        ("simd = [1, 4]", "simd[1] must be in [1, 3], not 4"),
        ("simd = [1, 1, 1]", "simd must have 2 entries, not 3"),
        (
            "pe = [1, 1]\nsimd = [1, 2]",
            "pe[0] must be 3 or a multiple of the next layer's simd 2, not 1",
        ),
        ("lanes = 0", "lanes must be in [1, 64], not 0"),
        ("lanes = 65", "lanes must be in [0, 64], not 65"),
        ("skip = 1", "skip must be true or false, not 1"),
        ("skip = 'yes'", "skip must be true or false, not 'yes'"),
        ("clock = 0", "clock must be in [1, 1000], not 0.0"),
        ("clocks = 100", "clocks is not a known key; did you mean clock?"),
    ],
    (NETWORK, ""): [
        (
            "threshold = 9.0",
            "formats.membrane must hold the threshold 9 as a positive number,"
            " s3.16 holds 1.52588e-05 to 7.999984741",
        ),
        (
            "threshold = 0.1\n[formats]\nmembrane = 's3.2'\ntarget = 's1.2'",
            "formats.membrane must hold the threshold 0.1 as a positive number,"
            " s3.2 holds 0.25 to 7.75",
        ),
        (
            "surrogate = { sigma = 0.1 }",
            "formats.surrogate must hold the surrogate's peak 3.989, u0.8 ends at 0.996",
        ),
        (
            "surrogate = { entries = 128 }\n[formats]\nmembrane = 's3.4'\ntarget = 's1.4'",
            "network.surrogate.entries must be at most 64 with s3.4 membranes, not 128",
        ),
        (
            "[learning]\nrate = -16\nbatch = 1\n[formats]\ntangent = 's12.2'",
            "learning.rate must leave step shifts in [0, 63], not [-14, -10]",
        ),
        (
            "[learning]\nrule = 'none'\n[hardware]\nlanes = 2",
            "hardware.lanes must be 0 with learning.rule 'none', not 2",
        ),
        (
            "[learning]\nbatch = 65536\n[formats]\nmembrane = 's3.20'",
            "formats must keep the loss accumulator within 62 bits, these need 66:"
            " narrow membrane or target, or the batch",
        ),
    ],
    (NETWORK + "[data]\n", "data."): [
        ("source = 3", "source must be a text, not 3"),
        ("file = 'a'", "file is not a known key"),
    ],
}
"""By what stands before the mistake, and how its line begins."""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (before + text, begin + line)
        for (before, begin), rows in MISTAKES.items()
        for text, line in rows
    ],
)
def test_a_mistake_is_one_line(text: str, line: str) -> None:
    assert refusal(parse, text, "here") == f"here: {line}"
