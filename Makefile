# The commands of this project; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test check setup lock

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 16

setup: ## make or refresh the environment in .venv, with all that tests and checks need
	@scripts/setup check

lock: setup ## pin requirements/*.in, with hashes, into requirements/*.txt
	@scripts/lock
