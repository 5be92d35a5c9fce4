"""cocotb benches, one for each component; `dualspike.testbench.unit.run.run_bench` runs them."""
