"""Words that Verilog and SystemVerilog keep for themselves."""

_WORDS = """
always and assign automatic begin bit buf byte case cell config const default defparam
do edge else end endcase endfunction endmodule enum event for force function generate
genvar if import initial inout input integer interface join logic macromodule module
negedge nor not or output packed parameter posedge primitive pull0 pull1 real reg
release repeat scalared signed specify static strong0 strong1 struct supply0 supply1
table task this time tran tri type union unsigned use var vectored void wait wand weak0
weak1 while wire wor xnor xor
"""

VERILOG_KEYWORDS = frozenset(_WORDS.split())
