"""Words that Verilog (all of IEEE 1364-2005) and SystemVerilog keep for themselves."""

_WORDS = """
always and assign automatic begin bit buf bufif0 bufif1 byte case casex casez cell cmos config
const deassign default defparam design disable do edge else end endcase endconfig endfunction
endgenerate endmodule endprimitive endspecify endtable endtask enum event for force forever fork
function generate genvar highz0 highz1 if ifnone import incdir include initial inout input
instance integer interface join large liblist library localparam logic macromodule medium module
nand negedge nmos nor noshowcancelled not notif0 notif1 or output packed parameter pmos posedge
primitive pull0 pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent rcmos real realtime
reg release repeat rnmos rpmos rtran rtranif0 rtranif1 scalared showcancelled signed small
specify specparam static strong0 strong1 struct supply0 supply1 table task this time tran
tranif0 tranif1 tri tri0 tri1 triand trior trireg type union unsigned use uwire var vectored
void wait wand weak0 weak1 while wire wor xnor xor
"""

VERILOG_KEYWORDS = frozenset(_WORDS.split())
