"""Descriptions that fit data: widths, formats, scale, rule and rates."""

from dualspike.golden.data.fitting.descriptions import descriptions_for
from dualspike.golden.data.fitting.scaling import scaling

__all__ = ["descriptions_for", "scaling"]
