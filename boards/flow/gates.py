"""Size without a technology: simple gates and flip-flops, counted in gate equivalents.

A gate equivalent is a NAND with two inputs: four transistors in CMOS. The other cells count by
their transistors as `stat -tech cmos` of Yosys has them, divided by four. Registers are plain
flip-flops; enables and resets are gates before them. Memories stay memories, and count in bits.
"""

GATES = {
    "$_NOT_": 0.5,
    "$_NAND_": 1.0,
    "$_NOR_": 1.0,
    "$_AND_": 1.5,
    "$_OR_": 1.5,
    "$_ANDNOT_": 1.5,
    "$_ORNOT_": 1.5,
    "$_XOR_": 3.0,
    "$_XNOR_": 3.0,
    "$_MUX_": 3.0,
    "$_DFF_P_": 4.0,
}

_WEIGHTLESS = {"$mem_v2", "$scopeinfo"}

# `synth` up to its fine part, without the pass that would make flip-flops of the memories.
SCRIPT = """
synth -flatten -top {top} -run begin:fine
setattr -unset init
opt -undriven -fine
techmap
opt -full
dffunmap
abc -g AND,NAND,OR,NOR,ANDNOT,ORNOT,XOR,XNOR,MUX
opt_clean
"""


def gate_equivalents(cells: dict[str, int]) -> float:
    """Weighted sum of the cells, without memories; KeyError names a cell that has no weight."""
    return sum(GATES[name] * count for name, count in cells.items() if name not in _WEIGHTLESS)
