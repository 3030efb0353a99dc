# Every target makes .venv in this folder by itself and does nothing twice.
PYTHON ?= python3
BIN := .venv/bin
CREATED := .venv/.created
RUN := .venv/.installed-run
DEV := .venv/.installed-dev
DOCS := .venv/.installed-docs
RAY := .venv/.installed-ray
CLIENTS := tests/clients/node_modules/.package-lock.json
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

HOST ?= 127.0.0.1
PORT ?= 8000
MODELS ?= model/artifacts
CONFIG ?= training/configs/booking.toml
DATA ?=
TRAIN_FLAGS ?=
IMAGE ?= slotline
DOCKER_FLAGS ?=
BENCH_FLAGS ?=
WORKERS ?= 2
MINUTES ?= 10

# onnxruntime's builds report to their maker unless they are told not to.
export ORT_DISABLE_TELEMETRY := 1

.DEFAULT_GOAL := help
.PHONY: help install serve test test-all check format train bench docker clean fuzz soak clients docs

help: ## show the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 10

install: $(DEV) ## everything for work on the project, torch included

serve: $(RUN) ## the service, at HOST (127.0.0.1) and PORT (8000), with the models of MODELS
	$(BIN)/python -m app --host $(HOST) --port $(PORT) --models $(MODELS)

test: check ## lint, formatting, types, import contracts and tests: what must pass
	$(BIN)/python -m pytest -n 0 -m alone
	$(BIN)/python -m pytest -n $(WORKERS) -m "not alone and not ray"

test-all: test $(RAY) ## test, and the service on a Ray cluster of two nodes
	REQUIRE_RAY=1 $(BIN)/python -m pytest -n 0 -m ray

check: $(DEV) ## all of test but the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV) ## mend what can be mended by machine
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

train: $(DEV) ## a model: make train DATA=DIR [CONFIG=training/configs/booking.toml] [TRAIN_FLAGS=...]
	@test -n "$(DATA)" || { echo "make train: say where the data sets are: make train DATA=DIR"; exit 2; }
	$(BIN)/python -m training train $(CONFIG) --data $(DATA) $(TRAIN_FLAGS)

bench: $(DEV) ## measure speed and write the numbers to bench/results [BENCH_FLAGS="serving --quick"]
	$(BIN)/python -m bench $(BENCH_FLAGS)

fuzz: $(DEV) ## ten thousand requests and more that nobody thought of; the same tests run shorter in make test
	LONG=1 $(BIN)/python -m pytest -s tests/system/test_fuzz.py

soak: $(DEV) ## overload, departures and MINUTES (10) of mixed traffic; the same tests run shorter in make test
	LONG=1 SOAK_MINUTES=$(MINUTES) $(BIN)/python -m pytest -s tests/system/test_overload.py tests/system/test_departures.py tests/system/test_soak.py

clients: $(CLIENTS) ## what the tests of clients in TypeScript need; node must be there

docs: $(DOCS) ## the documentation as a site in build/site, which needs no server and no internet
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

docker: ## the container image
	docker build $(DOCKER_FLAGS) --tag $(IMAGE) .

clean: ## remove what the targets above made, but no trained model
	rm -rf .venv build tests/clients/node_modules *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .schemathesis .import_linter_cache

$(CREATED):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; " + sys.executable \
	+ " is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv .venv
	@touch $@

$(RUN): $(CREATED) pyproject.toml
	$(PIP) install --editable .
	@touch $@

$(DEV): $(CREATED) pyproject.toml
	$(PIP) install --editable '.[dev,train]'
	@touch $(RUN) $@

$(DOCS): $(CREATED) pyproject.toml
	$(PIP) install --editable '.[docs]'
	@touch $(RUN) $@

$(RAY): $(DEV)
	$(PIP) install --editable '.[dev,train,ray]'
	@touch $@

$(CLIENTS): tests/clients/package-lock.json
	cd tests/clients && npm ci --ignore-scripts --no-audit --no-fund
