"""The area of what a chip has once: its head, learner, sequencer, drawer, registers and bus."""

from dualspike.model.cost.area import Area, memory_area, multiplier_area, skid_buffer_area
from dualspike.model.cost.devices import Family
from dualspike.model.cost.online_area import course_areas, online_head_logic
from dualspike.model.description.description import Description
from dualspike.model.interface.lfsr import DRAWER, WORD
from dualspike.model.interface.registers import register_map
from dualspike.model.sizes.components import row_bits
from dualspike.model.sizes.head import Sum, head_sizes, product_sizes, squared_error_sizes
from dualspike.model.sizes.resources import axis_terms, head_memories, head_multipliers


def shared_area(d: Description, family: Family) -> Area:
    """What there is once, whatever the folding of the layers."""
    parts = [memory_area(memory, family) for memory in head_memories(d)]
    parts += [multiplier_area(one, family) for one in head_multipliers(d)]
    if d.online and d.kind == "mlp":
        return sum(parts, online_head_logic(d))
    parts += [_squared_error(d) if d.kind == "mlp" else _product(d)]
    parts += course_areas(d) if d.online else [_control(d)]
    return sum(parts, Area())


def _control(d: Description) -> Area:
    """Learner, sequencer, drawer, registers and bus."""
    lanes, layers = d.lanes_built, d.n_layers
    area = Area(18 * len(register_map(d)) + 160 + WORD, 42 + 36 + (lanes + 6) * layers)
    if not lanes:
        return area
    jvp = head_sizes(d).jvp_bits
    learner = Area(150 + 4 * jvp + 20 * lanes * layers, 70 + jvp + d.formats.weight.bits)
    return area + learner + Area(1.5 * DRAWER.length, DRAWER.length)


def _squared_error(d: Description) -> Area:
    """Errors, their products with the tangents, the accumulators."""
    lanes, g = d.lanes_built, squared_error_sizes(d)
    if not lanes:
        return Area()
    sums = g.error_bits + g.loss_bits + lanes * g.jvp_bits
    squares = g.error_bits
    if d.local:
        squares += g.weighted_bits
        sums += g.loss_bits
    return Area(5 + sums, sums + squares + lanes * d.formats.tangent.bits)


def _product(d: Description) -> Area:
    """What comes after the layers of every part, the axes, the points."""
    parts = [_way_out(d, part) for part in range(len(d.parts))]
    parts += [_axis(d, axis) for axis in range(1, len(d.parts))]
    return sum(parts, _points(d))


def _way_out(d: Description, part: int) -> Area:
    """After a part's layers: a queue, outputs as factors, the slopes."""
    g, f, lanes = product_sizes(d), d.formats, d.parts[part].output_lanes
    narrow = Area(2 * f.factor.bits, f.factor.bits + 1)
    narrow += skid_buffer_area(row_bits(d.parts[part], lanes, 1))
    if not d.learns:
        return narrow
    bits = g.slope.bits if d.online else g.jvp_bits - g.jvp_align[part]
    tangents, sums = lanes * f.tangent.bits, lanes * bits
    slopes = Area(tangents + sums + 30, sums + f.cotangent.bits + f.tangent.bits + 20)
    if not d.online:
        return slopes + narrow
    # Slopes of a row are rounded and wait.
    rounded = _rounded(g.slope, f.cotangent.bits).times(lanes)
    return slopes + narrow + rounded + skid_buffer_area(lanes * f.cotangent.bits)


def _axis(d: Description, axis: int) -> Area:
    """Products held, sums with a choice and an adder, their rounding; Q where one follows."""
    g, f, last = product_sizes(d), d.formats, len(d.parts) - 1
    terms, back = axis_terms(d, axis), f.error if axis == last else f.cotangent
    sums = [g.carried[axis - 1], g.own[axis]]
    held = 2 * terms * (back.bits + f.factor.bits) + back.bits
    chain = Area(2 * f.factor.bits, 3 * f.factor.bits) if axis < last else Area()
    if not d.learns:
        return chain + Area(60, 45)
    added = Area(2 * terms * sum(one.bits for one in sums), held)
    return added + sum((_rounded(one, f.cotangent.bits) for one in sums), chain) + Area(120, 90)


def _rounded(exact: Sum, bits: int) -> Area:
    """A sum rounded, saturated, held."""
    return Area(exact.bits - exact.shift + bits, bits)


def _points(d: Description) -> Area:
    """y, its error, its weighted error, the loss."""
    g, f = product_sizes(d), d.formats
    products = g.terms * 2 * f.factor.bits
    area = Area(products + g.output.bits, products + g.output.bits)
    area += _rounded(g.output, f.membrane.bits)
    if not d.learns:
        return area + Area(15, 15)
    area += _rounded(g.error, f.error.bits)
    if d.floor is not None:
        area += _rounded(g.scaled, f.error.bits) + Area(0, g.scaled.bits + 3 * f.error.bits)
    return area + Area(g.loss_bits + 30, g.loss_bits + 2 * f.error.bits + 30)
