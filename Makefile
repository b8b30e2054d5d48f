# The commands of this project; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test check drills pictures setup audit lock

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 16

run: ## start the demo clinic on this machine and print its address (PORT=8100: another port)
	@scripts/setup run
	@exec .venv/bin/clinic demo $(if $(PORT),--port $(PORT))

test: ## run every test (root is needed once, to install Debian's Chromium)
	@scripts/test

check: ## lint, format, strict types, import contracts, templates
	@scripts/check

drills: ## run the long storms, half an hour and more, and print a table
	@scripts/drills

pictures: ## draw the pictures of the README anew, from a demo clinic of their own
	@scripts/pictures

setup: ## make or refresh the environment in .venv, with all that tests and checks need
	@scripts/setup check

audit: ## ask for known vulnerabilities in the pinned packages
	@scripts/audit

lock: setup ## pin requirements/*.in, with hashes, into requirements/*.txt
	@scripts/lock
