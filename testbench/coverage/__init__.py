"""What of the generated Verilog was reached: ``python -m dualspike.testbench.coverage``."""
