"""Networks trained online in time, by spatial rules that share one interface.

Time is dealt with by traces (OTTT), space by a rule: back-propagation through the layers, fixed or
learned direct feedback, or noise. A further rule is a further file; see `online.rule`.
"""
