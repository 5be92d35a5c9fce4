"""The number formats of a chip, value by value."""

from typing import Annotated, Self

from pydantic import BeforeValidator, PlainSerializer, model_validator

from dualspike.model.description.format import Format
from dualspike.model.description.network import Section


def _format(text: object) -> Format:
    if isinstance(text, Format):
        return text
    if not isinstance(text, str):
        raise ValueError(f"must look like s1.16 or u0.8, not {text!r}")
    return Format.parse(text)


FormatField = Annotated[Format, BeforeValidator(_format), PlainSerializer(str)]


class Formats(Section):
    """Number formats; sums inside the chip are as wide as they need to be and never round.

    Those after ``target`` are for operator networks: of outputs on their way into the product, of
    errors, of mean errors, of the weights of functions.
    """

    weight: FormatField = Format.parse("s1.16")
    membrane: FormatField = Format.parse("s3.16")
    tangent: FormatField = Format.parse("s12.5")
    surrogate: FormatField = Format.parse("u0.8")
    input: FormatField = Format.parse("s1.14")
    target: FormatField = Format.parse("s1.16")
    factor: FormatField = Format.parse("s2.15")
    error: FormatField = Format.parse("s1.16")
    cotangent: FormatField = Format.parse("s0.20")
    scale: FormatField = Format.parse("s4.8")

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in type(self).model_fields:
            value: Format = getattr(self, name)
            if value.signed != (name != "surrogate"):
                kind = "unsigned (u)" if name == "surrogate" else "signed (s)"
                raise ValueError(f"{name} must be {kind}, not {value}")
            if not 2 <= value.bits <= 24:
                raise ValueError(f"{name} must be 2 to 24 bits wide, not {value} ({value.bits})")
        if self.target.fraction > self.membrane.fraction:
            raise ValueError(
                f"target must have at most the membrane's {self.membrane.fraction} fraction bits,"
                f" not {self.target}"
            )
        return self
