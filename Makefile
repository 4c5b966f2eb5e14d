# Every target makes its own virtual environment in .venv first; twice is quick.
.PHONY: demo test check lint types docs bench bench-gpu dist deb clean

demo:            ## the real daemon on a temporary inbox with sample documents
	@packaging/bootstrap.sh
	@.venv/bin/ocrd demo

test:            ## lint, types, architecture and the whole suite
	@packaging/bootstrap.sh dev
	@$(MAKE) --no-print-directory lint types
	.venv/bin/python -m pytest -n logical --dist loadgroup

lint:
	.venv/bin/ruff check .

types:
	.venv/bin/mypy

docs:            ## the pages that are generated from the code
	.venv/bin/python docs/generate.py
	.venv/bin/python docs/generate_errors.py

bench:           ## the figures of docs/benchmarks.md, as ratios measured in one run
	@packaging/bootstrap.sh dev
	.venv/bin/python -m benchmarks

bench-gpu:       ## what only a GPU shows: its tests, then decoding at full size against the roofline
	.venv/bin/python -m pytest tests/gpu
	.venv/bin/python -m benchmarks.decoding --full-size

dist:            ## the wheel and the source distribution, in dist/ or FOLDER=…
	@packaging/dist.sh $(FOLDER)

deb: dist        ## the Debian package for the Debian that this is, there too
	@packaging/deb/build.sh $(FOLDER)

clean:
	rm -rf .venv build dist
