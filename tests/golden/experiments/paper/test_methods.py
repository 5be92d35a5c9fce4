from dualspike.golden.experiments.paper.methods import METHODS, TANH, chosen
from tests.refusals import refusal


def test_table_1_as_published() -> None:
    """Name, surrogate, scope, local losses and error of every row, in the paper's order."""
    rows = [(m.name, m.surrogate, m.scope, m.local, m.published) for m in METHODS["poisson"]]
    assert rows == [
        ("SG-BP", "gaussian", None, False, 0.0246),
        ("WSG-BP", "stein", None, False, 0.0241),
        ("SG-BP-LL", "gaussian", None, True, 0.0264),
        ("WSG-BP-LL", "stein", None, True, 0.0244),
        ("SG-RFG-G", "gaussian", "global", False, 0.0422),
        ("WSG-RFG-G", "stein", "global", False, 0.0412),
        ("SG-RFG-L", "gaussian", "layer", False, 0.0347),
        ("WSG-RFG-L", "stein", "layer", False, 0.0359),
        ("SG-RFG-LL", "gaussian", "layer", True, 0.0431),
        ("WSG-RFG-LL", "stein", "layer", True, 0.0446),
        ("SG-RFG-N", "gaussian", None, False, None),
        ("WSG-RFG-N", "stein", None, False, None),
    ]


def test_the_other_experiments_as_published() -> None:
    published = {name: {m.name: m.published for m in METHODS[name]} for name in METHODS}
    hat = {"BP": 0.0298, "RFG-L": 0.0342, "RFG-G": 0.0426}
    reaction = {"BP": 0.0909, "RFG-G": 0.1451, "RFG-L": 0.1069}
    assert published["hat"] == hat | {"RFG-N": None}
    assert published["reaction-diffusion"] == reaction | {"RFG-N": None}


def test_methods_come_in_the_tables_order_and_once() -> None:
    names = [m.name for m in chosen("hat", "RFG-G, BP,RFG-G")]
    assert names == ["BP", "RFG-G"]
    assert chosen("poisson", "all") == (*METHODS["poisson"], TANH)


def test_unknown_names_are_answered_with_the_known_ones() -> None:
    assert (
        refusal(chosen, "hat", "BP,SGD")
        == "--methods must be all or some of BP, RFG-L, RFG-G, RFG-N, tanh, not 'SGD'"
    )
