"""Tells what pip-audit found, what it could not find out, and which packages it never asked about.

Usage: audit_report.py REPORT.json ERRORS.txt
"""

import json
import sys
from pathlib import Path
from typing import Any


def main(report: Path, errors: Path) -> int:
    """Print the findings; 1 if a package has a known vulnerability."""
    packages = read(report)
    if not packages:
        reason = (errors.read_text(encoding="utf-8").strip().splitlines() or ["no answer"])[-1]
        print(f"No package could be audited: {reason}")
        return 0
    found = [package for package in packages if package.get("vulns")]
    skipped = [package for package in packages if "skip_reason" in package]
    for package in found:
        for one in package["vulns"]:
            fixed = ", ".join(one.get("fix_versions") or ["no version yet"])
            print(f"{package['name']} {package['version']}: {one['id']}, mended in {fixed}")
    if skipped:
        print("Could not be audited:", ", ".join(package["name"] for package in skipped))
        print("because of the first:", skipped[0]["skip_reason"])
    asked = len(packages) - len(skipped)
    print(f"{asked} packages audited, {len(skipped)} could not be, {len(found)} vulnerable")
    return 1 if found else 0


def read(report: Path) -> list[dict[str, Any]]:
    """The packages of a report, none if there is no readable report."""
    try:
        packages: list[dict[str, Any]] = json.loads(report.read_text())["dependencies"]
    except (OSError, ValueError, KeyError):
        return []
    return packages


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
