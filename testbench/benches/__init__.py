"""cocotb benches, one for each component; `dualspike.testbench.components.run_bench` runs them."""
