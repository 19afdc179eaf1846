"""Print what an installation is made of, as CycloneDX: names, versions and hashes of requirements.lock."""  # noqa: INP001 (a script)

import json
import re
import sys
from pathlib import Path

LOCK = Path(__file__).parents[1] / "requirements.lock"


def components(lock: str) -> list[dict[str, object]]:
    """The packages of a lock file with all their hashes."""
    entries = re.split(r"\n(?=\S)", lock.strip())
    found = []
    for entry in entries:
        if match := re.match(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", entry):
            hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})", entry)
            found.append(
                {
                    "type": "library",
                    "name": match[1],
                    "version": match[2],
                    "purl": f"pkg:pypi/{match[1]}@{match[2]}",
                    "hashes": [{"alg": "SHA-256", "content": each} for each in hashes],
                }
            )
    return found


if __name__ == "__main__":
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components(LOCK.read_text())}
    json.dump(bom, sys.stdout, indent=1)
    sys.stdout.write("\n")
