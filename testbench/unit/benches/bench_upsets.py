"""`Weights` with protection: wrong bits in every place of memories that hold code words."""

from itertools import combinations

from dualspike.hw.layer.memory.weights import Weights
from dualspike.hw.layer.memory.words import Words
from dualspike.model.interface.ecc import Protection, code_of
from dualspike.testbench.unit.benches.bench_ecc import promised
from dualspike.testbench.unit.benches.bench_weights import Bench
from dualspike.testbench.unit.benches.memories import fill
from dualspike.testbench.unit.benches.reference import flat

TOP = "weights"
CASES = [
    {"n_out": 5, "n_in": 5, "pe": 2, "simd": 3, "bits": 5, "protection": "parity"},
    {"n_out": 5, "n_in": 5, "pe": 2, "simd": 3, "bits": 5, "protection": "ecc"},
]


def component(
    n_out: int, n_in: int, pe: int, simd: int, bits: int, protection: Protection
) -> Weights:
    """The memories of one layer."""
    return Weights(n_out, n_in, pe, simd, Words(bits, protection=protection))


def read(bench: Bench, value: int, flips: int) -> tuple[int, int]:
    """What is read of a word with wrong bits, and its upsets."""
    code = code_of(bench.case["protection"], bench.width)
    seen, upsets = promised(code, value & (1 << bench.width) - 1, flips)
    return seen - (seen >> bench.width - 1 << bench.width), upsets


@Bench.test()
async def upsets_of_all_words_are_met(bench: Bench) -> None:
    """Every bit, and every pair of bits, wrong in a whole memory."""
    length = length_of(bench)
    for wrong in (0, 1, 2):
        for bits in combinations(range(length), wrong):
            flips = sum(1 << bit for bit in bits)
            bench.set(host_flips=flips)
            await fill(bench, "host", flat(bench.matrix))
            bench.set(host_flips=0)
            await bench.cycle()
            assert await bench.see("host_upsets") == 0
            for row in range(bench.n_rows):
                await bench.pulse(row=row, enable=1)
                await bench.settle()
                for bank, word in enumerate(bench.get("words")):
                    place = bench.place(row, bank)
                    value = bench.matrix[place[0]][place[1]] if place else 0
                    assert word == read(bench, value, flips if place else 0)[0]
                assert bench.get("host_upsets") == read(bench, 0, flips)[1]
                await bench.edge()
                assert await bench.see("host_upsets") == 0


@Bench.test()
async def a_single_word_is_enough(bench: Bench) -> None:
    """One wrong bit in one word is met in its row and, by the host, in its word alone."""
    for target in range(bench.n_out * bench.n_in):
        place = divmod(target, bench.n_in)
        await bench.pulse(host_rewind=1)
        for n, value in enumerate(flat(bench.matrix)):
            wrong = int(n == target) << (n % length_of(bench))
            await bench.pulse(host_access=1, host_write=1, host_write_data=value, host_flips=wrong)
        await bench.cycle()
        for row in range(bench.n_rows):
            await bench.pulse(row=row, enable=1)
            here = any(bench.place(row, bank) == place for bank in range(bench.pe * bench.simd))
            assert (await bench.see("host_upsets") != 0) == here


@Bench.test()
async def moves_write_whole_code_words(bench: Bench) -> None:
    """What the learner writes back has no upsets; with ecc it goes on from the right words.

    What clips is told.
    """
    rng, saturated = bench.rng, bench.pulses("saturated")
    corrects = code_of(bench.case["protection"], bench.width).corrects
    for bit in range(length_of(bench)):
        flips = 1 << bit if corrects else 0
        bench.set(host_flips=flips)
        await fill(bench, "host", flat(bench.matrix))
        bench.set(host_flips=rng.getrandbits(length_of(bench)))
        over = 0
        saturated.clear()
        for row in range(bench.n_rows):
            step, signs = bench.number(), rng.getrandbits(bench.pe * bench.simd)
            bench.set(step=step)
            await bench.pulse(row=row, enable=1)
            await bench.pulse(move=1, signs=signs)
            over += bench.move(row, signs, step)
        bench.set(host_flips=0)
        await bench.cycle(2)
        assert len(saturated) == over
        for row in range(bench.n_rows):
            await bench.pulse(row=row, enable=1)
            await bench.settle()
            assert bench.get("words") == bench.expected(row)
            assert bench.get("host_upsets") == 0
            await bench.edge()
    assert await bench.dump() == bench.matrix


def length_of(bench: Bench) -> int:
    """Bits of a code word, as the port has them."""
    return bench.shape("host_flips")
