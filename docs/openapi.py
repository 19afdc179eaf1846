"""Write openapi.json: the description of the API, as the application gives it out."""  # noqa: INP001 (a script)

import json
from pathlib import Path

from service.app import create_app
from service.kit.settings import Settings

TARGET = Path(__file__).with_name("openapi.json")

if __name__ == "__main__":
    described = create_app(Settings(_env_file=None)).openapi()
    TARGET.write_text(json.dumps(described, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
