# Every target makes its own virtual environment in .venv first; twice is quick.
.PHONY: demo test test-more test-all test-newest test-lowest mutants lint types fuzz torture long-run lock recipes cluster litellm llama-cpp docs bench quality bench-gpu dist deb clean

# Else each of the hundreds of processes that the tests start compiles the whole package anew.
unexport PYTHONDONTWRITEBYTECODE

demo:            ## the real daemon on a temporary inbox with sample documents
	@packaging/bootstrap.sh
	@.venv/bin/ocrd demo

# Many tests wait: one process more than there are cores.
PYTEST = -m pytest -n $$(($$(nproc) + 1)) --dist loadscope --no-loadscope-reorder --durations 20
QUICK_TESTS = -m "not more"
MORE_TESTS = -m more

test:            ## lint, types, architecture, units, the daemon's flow, the quick part of its faults
	@packaging/bootstrap.sh dev
	@$(MAKE) --no-print-directory lint types
	.venv/bin/python $(PYTEST) $(QUICK_TESTS)

test-more:       ## crashes, shares, disks, real systemd, packages: what takes longer
	@packaging/bootstrap.sh dev
	@packaging/apart.sh schemas alone $(SCHEMAS)
	.venv/bin/python $(PYTEST) $(MORE_TESTS)

test-all: test test-more  ## both

test-newest:     ## the whole suite with the newest versions that pyproject.toml admits, in .venv-newest
	@packaging/bootstrap.sh dev
	@packaging/ranges.sh newest
	.venv-newest/bin/python $(PYTEST) $(QUICK_TESTS)
	.venv-newest/bin/python $(PYTEST) $(MORE_TESTS)

test-lowest:     ## units and flow with the lowest ones, in .venv-lowest
	@packaging/bootstrap.sh dev
	@packaging/ranges.sh lowest
	.venv-lowest/bin/python $(PYTEST) tests/unit tests/flow

mutants:         ## do the unit tests notice a change? each module that decides, one place at a time
	@packaging/bootstrap.sh mutants
	nice .venv/bin/python -m tests.mutants $(MODULES)

lint:
	.venv/bin/ruff check .

types:
	.venv/bin/mypy

fuzz:            ## documents changed at random through the real rasterizer; MINUTES=5 SEED=1
	@packaging/bootstrap.sh dev
	nice .venv/bin/python -m tests.faults.fuzz --minutes $(or $(MINUTES),5) --seed $(or $(SEED),1)

torture:         ## a thousand kills, 20,000 files at once, two minutes of writers; KILLS=1000 FILES=20000 WRITING=120 SEED=1
	@packaging/bootstrap.sh dev
	.venv/bin/python -m tests.faults.torture --kills $(or $(KILLS),1000) --seed $(or $(SEED),1)
	.venv/bin/python -m tests.faults.hot_folders --files $(or $(FILES),20000) --seconds $(or $(WRITING),120) --seed $(or $(SEED),1)

long-run:        ## 20,000 small documents: nothing grows, nothing slows down; DOCUMENTS=20000
	@packaging/bootstrap.sh dev
	.venv/bin/python -m benchmarks.long_run --documents $(or $(DOCUMENTS),20000)

recipes:         ## those of docs/scanners.md, on Debian 12 and 13
	@packaging/bootstrap.sh dev
	RECIPES_SUITES="bookworm trixie" .venv/bin/python -m pytest tests/recipes

# Of versions that were tried; each in an environment of its own, for ocrd needs none of it.
RAY = ray[serve]==2.60.0
LITELLM = litellm[proxy]==1.106.12
LLAMA_CPP = 0.3.36
SCHEMAS = kubernetes-validate==1.37.0 compose-spec==0.2.1

cluster:         ## 200 pages through the embedded engine on two nodes of Ray's, one of which is killed; two minutes
	@packaging/apart.sh cluster ocrd "$(RAY)" psutil
	build/cluster/bin/python -m tests.faults.cluster

litellm:         ## a page through ocrd, LiteLLM's proxy and another ocrd
	@packaging/bootstrap.sh dev
	@packaging/apart.sh litellm alone "$(LITELLM)"
	.venv/bin/python -m tests.manual.litellm_proxy

llama-cpp:       ## pages through llama.cpp's server, and what is said of what it lacks; built first, twenty minutes
	@packaging/bootstrap.sh dev
	@tests/manual/llama_cpp.sh $(LLAMA_CPP)
	.venv/bin/python -m tests.manual.llama_cpp

lock:            ## packaging/locks anew from pyproject.toml; what is locked stays where it can, UPGRADE=1 takes the newest
	@packaging/lock.sh

docs:            ## the pages that are generated from the code
	.venv/bin/python docs/generate.py
	.venv/bin/python docs/generate_errors.py
	.venv/bin/python docs/generate_programs.py

bench:           ## the figures of docs/benchmarks.md, as ratios measured in one run
	@packaging/bootstrap.sh dev
	.venv/bin/python -m benchmarks

quality:         ## the embedded engine's Markdown against known pages; fetches them, QUICK=--quick for a few
	@packaging/bootstrap.sh dev
	nice .venv/bin/python -m benchmarks.quality.hard
	nice .venv/bin/python -m benchmarks.quality.pictures
	nice .venv/bin/python -m benchmarks.quality.mixed
	nice .venv/bin/python -m benchmarks.quality.papers
	nice .venv/bin/python -m benchmarks.quality.margins
	nice .venv/bin/python -m benchmarks.quality.notes
	nice .venv/bin/python -m benchmarks.quality.versed
	nice .venv/bin/python -m benchmarks.quality.headed
	nice .venv/bin/python -m benchmarks.quality.headed --more
	missed=0; nice .venv/bin/python -m benchmarks.quality.oldscans || missed=1; \
	for set in "" "--makers --kinds clean" "--makers --heldout --kinds clean"; do \
	  nice .venv/bin/python -m benchmarks.quality $(QUICK) $$set || missed=1; done; exit $$missed

bench-gpu:       ## what only a GPU shows, in nine minutes, tests/gpu included; needs torch and Transformers, no .venv
	$(or $(PYTHON),python3) -m benchmarks.gpu

dist:            ## the wheel and the source distribution, in dist/ or FOLDER=…
	@packaging/dist.sh $(FOLDER)

deb: dist        ## the Debian package for the Debian that this is, there too
	@packaging/deb/build.sh $(FOLDER)

clean:
	rm -rf .venv .venv-newest .venv-lowest build dist
