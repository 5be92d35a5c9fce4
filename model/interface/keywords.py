"""What a chip cannot be called: a word of Verilog, one of its ports, a package of tools.

The words are those of Verilog and SystemVerilog: IEEE 1364-2005, IEEE 1800-2017.
"""

import re

_WORDS = """
accept_on alias always always_comb always_ff always_latch and assert assign assume automatic
before begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle
checker class clocking cmos config const constraint context continue cover covergroup coverpoint
cross deassign default defparam design disable dist do edge else end endcase endchecker endclass
endclocking endconfig endfunction endgenerate endgroup endinterface endmodule endpackage
endprimitive endprogram endproperty endsequence endspecify endtable endtask enum event
eventually expect export extends extern final first_match for force foreach forever fork
forkjoin function generate genvar global highz0 highz1 if iff ifnone ignore_bins illegal_bins
implements implies import incdir include initial inout input inside instance int integer
interconnect interface intersect join join_any join_none large let liblist library local
localparam logic longint macromodule matches medium modport module nand negedge nettype new
nexttime nmos nor noshowcancelled not notif0 notif1 null or output package packed parameter pmos
posedge primitive priority program property protected pull0 pull1 pulldown pullup
pulsestyle_ondetect pulsestyle_onevent pure rand randc randcase randsequence rcmos real realtime
ref reg reject_on release repeat restrict return rnmos rpmos rtran rtranif0 rtranif1 s_always
s_eventually s_nexttime s_until s_until_with scalared sequence shortint shortreal showcancelled
signed small soft solve specify specparam static string strong strong0 strong1 struct super
supply0 supply1 sync_accept_on sync_reject_on table tagged task this throughout time
timeprecision timeunit tran tranif0 tranif1 tri tri0 tri1 triand trior trireg type typedef union
unique unique0 unsigned until until_with untyped use uwire var vectored virtual void wait
wait_order wand weak weak0 weak1 while wildcard wire with within wor xnor xor
"""

VERILOG_KEYWORDS = frozenset(_WORDS.split())

_PORTS = re.compile(
    r"clk|rst|busy|irq"
    r"|bus_(request|write|address|write_data|read_data|done)"
    r"|(inputs|inputs_[0-9]+|targets|scales|results)_(payload|valid|ready)"
    r"|(sums|spikes)_[0-9]+_(payload|moved)"
)
_PACKAGES = ("std", "uvm_pkg")


def check_name(name: str) -> None:
    """ValueError for a name that a generated module cannot have.

    Tools turn down a module named as one of its ports, or as a package that they bring along.
    """
    if name in VERILOG_KEYWORDS:
        raise ValueError(f"name must not be a word of Verilog, as {name!r} is")
    if _PORTS.fullmatch(name):
        raise ValueError(f"name must not be that of a port, as {name!r} is")
    if name in _PACKAGES:
        raise ValueError(f"name must not be that of a package of Verilog tools, as {name!r} is")
